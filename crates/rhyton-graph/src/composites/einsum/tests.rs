use rhyton_tensor::Array;

use super::*;
use crate::composites::spatial::golden::{array, digest};
use crate::testing::{Sample, check_op};
use crate::{Shape, Spec, eval};

/// An equation, the shapes of the operands sin(f·i + 0.3) for f = 0.7, 0.37, 0.21, and shape,
/// weighted sum and last element of the result.
type Golden = (&'static str, &'static [&'static [usize]], &'static [usize], f64, f64);

/// `numpy.einsum` of NumPy 2.
const CASES: &[Golden] = &[
    ("ij,jk->ik", &[&[2, 3], &[3, 4]], &[2, 4], 3.57465, 1.25344),
    ("ij,jk", &[&[2, 3], &[3, 4]], &[2, 4], 3.57465, 1.25344),
    ("ba,cb", &[&[2, 3], &[4, 2]], &[3, 4], 5.13858, 0.42516),
    ("ii->i", &[&[3, 3]], &[3], -0.02953, -0.37388),
    ("ii", &[&[3, 3]], &[], -0.03678, -0.03678),
    ("ij->", &[&[2, 3]], &[], 2.23384, 2.23384),
    ("ij->ji", &[&[2, 3]], &[3, 2], 2.20846, -0.61186),
    ("bhqd,bhkd->bhqk", &[&[2, 2, 3, 4], &[2, 2, 5, 4]], &[2, 2, 3, 5], 0.39149, -1.75330),
    ("...ij,...jk->...ik", &[&[2, 3, 4], &[4, 5]], &[2, 3, 5], -1.97438, 0.10190),
    ("...ij,...jk", &[&[2, 1, 3, 4], &[5, 4, 2]], &[2, 5, 3, 2], -1.45784, -0.16621),
    ("i,j->ij", &[&[2], &[3]], &[2, 3], 1.87542, 0.72569),
    ("ijk,jil->kl", &[&[2, 3, 4], &[3, 2, 5]], &[4, 5], 0.89600, 3.37810),
    ("ab,bc,cd->ad", &[&[2, 3], &[3, 4], &[4, 2]], &[2, 2], 6.00474, 3.01934),
    ("ab,bc,bd->acd", &[&[2, 3], &[3, 2], &[3, 4]], &[2, 2, 4], 9.99766, 0.11691),
    ("iij,jkk->ik", &[&[2, 2, 3], &[3, 4, 4]], &[2, 4], -1.05571, -1.64556),
    ("...->...", &[&[2, 3]], &[2, 3], 2.25132, -0.61186),
    ("i...,j->...", &[&[2, 3], &[4]], &[3], 6.14569, 1.05055),
    ("abc,cde->abde", &[&[2, 3, 4], &[4, 2, 3]], &[2, 3, 2, 3], 0.06367, -0.15235),
    ("aecd,abcd->acbe", &[&[2, 3, 4, 5], &[2, 2, 4, 5]], &[2, 4, 2, 3], -6.94388, -2.01052),
    ("a b , b c -> a c", &[&[2, 3], &[3, 2]], &[2, 2], 3.21283, -0.05157),
    ("...,...", &[&[3, 1], &[4]], &[3, 4], 4.21328, 0.97887),
];

#[test]
fn products_are_those_of_numpy() {
    for (equation, shapes, shape, sum, last) in CASES {
        let factors = [0.7, 0.37, 0.21];
        let arrays: Vec<Array> =
            shapes.iter().zip(factors).map(|(shape, factor)| array(shape, factor)).collect();
        let result = eval(
            |x| vec![einsum(equation, &x.iter().collect::<Vec<_>>())],
            &arrays.iter().collect::<Vec<_>>(),
        );
        let found = digest(&result.unwrap_or_else(|error| panic!("{equation}: {error}"))[0]);
        assert_eq!(found.0, *shape, "{equation}");
        let close = |a: f64, b: f64| (a - b).abs() < 2e-5;
        assert!(close(found.1, *sum) && close(found.2, *last), "{equation}: {found:?}");
    }
}

#[test]
fn gradients_agree_with_a_batch() {
    let sample =
        |shape: &[usize]| Sample::between(Spec::new(DType::F32, Shape::batched(shape)), -1.0, 1.0);
    check_op(&[sample(&[2, 3]), sample(&[4, 3])], |x| {
        vec![
            einsum("nqd,nkd->nqk", &[&x[0], &x[1]]),
            einsum("n...d,nkd->k...", &[&x[0], &x[1]]),
            einsum("nid,njd", &[&x[0], &x[1]]),
        ]
    });
}

#[test]
fn bad_equations_are_named() {
    let refused = |equation: &str, shapes: &[&[usize]]| {
        let arrays: Vec<Array> = shapes.iter().map(|shape| array(shape, 0.7)).collect();
        let result = eval(
            |x| vec![einsum(equation, &x.iter().collect::<Vec<_>>())],
            &arrays.iter().collect::<Vec<_>>(),
        );
        result.unwrap_err().to_string().lines().next().unwrap().to_owned()
    };
    let messages = [
        refused("ij,jk->ik", &[&[2, 3]]),
        refused("ij,jk->ik", &[&[2, 3], &[4, 2]]),
        refused("ijk->i", &[&[2, 3]]),
        refused("ij->ik", &[&[2, 3]]),
        refused("ij->ii", &[&[2, 3]]),
        refused("i1->i", &[&[2, 3]]),
        refused("i...->i", &[&[2, 3]]),
        refused("......->i", &[&[2, 3]]),
        refused("i->j->k", &[&[2]]),
        refused("...,...->...", &[&[2], &[3]]),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    einsum: subscripts "ij,jk->ik" expected 2 operands, received 1
    einsum: subscripts "ij,jk->ik" expected 3 for `j`, received 4
    einsum: subscripts "ijk->i" expected an operand of 3 axes for `ijk`, received shape [2, 3]
    einsum: subscripts "ij->ik" expected letters of the operands in the result, received ik
    einsum: subscripts "ij->ii" expected each letter once in the result, received ii
    einsum: subscripts "i1->i" expected letters, `,`, one `...` for each operand and one `->`, received `1`
    einsum: subscripts "i...->i" expected `...` in the result, as in the operands, received i
    einsum: subscripts "......->i" expected an operand of 3 axes for `......`, received shape [2, 3]
    einsum: subscripts "i->j->k" expected letters, `,`, one `...` for each operand and one `->`, received `-`
    einsum: subscripts "...,...->..." expected 2 for an axis of `...`, received 3
    "#);
}
