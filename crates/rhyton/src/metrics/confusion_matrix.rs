//! How often each class was taken for each: the state of all metrics of intersection over union.

use rhyton_graph::{
    Tensor, argmax, broadcast_to, cast, greater_equal, less, logical_and, not_equal, ones_like,
    reshape, reshape_to, scatter_add, select,
};
use rhyton_tensor::{Array, DType};

use super::confusion::spread;
use super::{MetricState, MetricValue};
use crate::losses::{EPSILON, same_rank};
use crate::{Error, Result};

/// What is counted.
#[derive(Debug)]
pub(super) struct ConfusionMatrix<'a> {
    /// The metric's name, for messages.
    pub(super) metric: &'a str,
    /// How many classes there are; others do not count.
    pub(super) num_classes: usize,
    /// A class whose targets do not count.
    pub(super) ignore_class: Option<i64>,
    /// Whether targets are class numbers, and whether predictions are.
    pub(super) sparse: [bool; 2],
    /// The axis of the classes where they are not.
    pub(super) axis: isize,
    /// Keras' element type of the counts; default `int`.
    pub(super) dtype: Option<&'a str>,
}

/// The most classes: their matrix takes 2 GiB.
const CLASSES_MAX: usize = 1 << 14;

impl ConfusionMatrix<'_> {
    /// Refuses no classes, and targets that are none of them.
    pub(super) fn validate(&self, target_class_ids: &[usize]) -> Result<()> {
        if !(1..=CLASSES_MAX).contains(&self.num_classes) {
            let expected = format!("how many classes there are, from 1 to {CLASSES_MAX}");
            return Err(Error::config(self.metric, "num_classes", expected, self.num_classes));
        }
        match target_class_ids.iter().find(|&&class| class >= self.num_classes) {
            Some(class) => {
                let expected = format!("classes below {}", self.num_classes);
                Err(Error::config(self.metric, "target_class_ids", expected, class))
            }
            None => Ok(()),
        }
    }

    fn dtype(&self) -> DType {
        let is_float = self.dtype.is_some_and(|dtype| dtype.contains("float"));
        if is_float { DType::F32 } else { DType::I64 }
    }

    pub(super) fn states(&self) -> Vec<MetricState> {
        let shape = [self.num_classes, self.num_classes];
        vec![MetricState::new("total_confusion_matrix", &shape).dtype(self.dtype())]
    }

    pub(super) fn update(
        &self,
        states: &[Tensor],
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Vec<Tensor>> {
        let classes = |x: &Tensor, sparse: bool| {
            cast(&if sparse { x.clone() } else { argmax(x, self.axis) }, DType::I32)
        };
        let y_true = classes(y_true, self.sparse[0]).checked()?;
        let y_pred = classes(y_pred, self.sparse[1]).checked()?;
        let (y_true, y_pred) = same_rank(&y_true, &y_pred)?;
        if y_true.shape() != y_pred.shape() {
            let expected = format!("classes of the shape of y_pred, {}", y_pred.shape());
            let shape = y_true.shape();
            return Err(rhyton_graph::Error::shape(self.metric, "y_true", expected, shape).into());
        }
        let weight = match sample_weight {
            None => cast(&ones_like(&y_true), self.dtype()),
            Some(weight) => {
                broadcast_to(&spread(&cast(weight, self.dtype()), y_true.rank()), y_true.shape())
            }
        };
        let count = self.num_classes as i64;
        let inside = |x: &Tensor| logical_and(&greater_equal(x, 0), &less(x, count));
        let mut valid = logical_and(&inside(&y_true), &inside(&y_pred));
        if let Some(class) = self.ignore_class {
            valid = logical_and(&valid, &not_equal(&y_true, class));
        }
        let place = select(&valid, &y_true * count + &y_pred, -1);
        let flat = |x: &Tensor| reshape(x, &[-1]);
        let empty = weight.constant(Array::zeros(self.dtype(), &[self.num_classes.pow(2)]));
        let counts = scatter_add(&empty, &flat(&place), &flat(&weight), 0);
        let counts = reshape_to(&counts, [self.num_classes; 2].as_slice());
        let sums = states.iter().map(|state| (state + &counts).checked());
        Ok(sums.collect::<Result<_, _>>()?)
    }

    /// The mean over some classes of how many places have the class in both, divided by how many
    /// have it in either; classes that nothing has are left out.
    pub(super) fn mean_iou(&self, states: &[Array], target_class_ids: &[usize]) -> MetricValue {
        let counts = states.first().map_or_else(Vec::new, Array::to_f64);
        let size = self.num_classes;
        let (mut total, mut present) = (0.0, 0.0);
        for &class in target_class_ids {
            let row: f64 = (0..size).map(|other| counts[class * size + other]).sum();
            let column: f64 = (0..size).map(|other| counts[other * size + class]).sum();
            let both = counts[class * size + class];
            let either = row + column - both;
            if either > 1e-9 {
                total += both / (either + EPSILON);
                present += 1.0;
            }
        }
        MetricValue::Number(total / (present + EPSILON))
    }
}
