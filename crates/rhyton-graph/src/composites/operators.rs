use std::ops::{Add, Div, Mul, Neg, Sub};

use super::arithmetic::{add, divide, multiply, subtract};
use super::functions::negative;
use crate::{Operand, Tensor};

macro_rules! operator {
    ($trait:ident $method:ident $function:ident) => {
        impl<T: Operand> $trait<T> for &Tensor {
            type Output = Tensor;

            #[track_caller]
            fn $method(self, other: T) -> Tensor {
                $function(self, other)
            }
        }

        impl<T: Operand> $trait<T> for Tensor {
            type Output = Tensor;

            #[track_caller]
            fn $method(self, other: T) -> Tensor {
                $function(&self, other)
            }
        }

        operator!($trait $method $function: f64 f32 i32 i64);
    };
    ($trait:ident $method:ident $function:ident: $($number:ty)*) => {$(
        impl $trait<&Tensor> for $number {
            type Output = Tensor;

            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                $function(self, other)
            }
        }

        impl $trait<Tensor> for $number {
            type Output = Tensor;

            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                $function(self, &other)
            }
        }
    )*};
}

operator!(Add add add);
operator!(Sub sub subtract);
operator!(Mul mul multiply);
operator!(Div div divide);

impl Neg for &Tensor {
    type Output = Tensor;

    #[track_caller]
    fn neg(self) -> Tensor {
        negative(self)
    }
}

impl Neg for Tensor {
    type Output = Self;

    #[track_caller]
    fn neg(self) -> Self {
        negative(&self)
    }
}
