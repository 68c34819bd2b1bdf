use rhyton_tensor::DType;

use super::*;
use crate::DataFormat::{ChannelsFirst, ChannelsLast};
use crate::Padding::{Causal, Same, Valid};
use crate::composites::spatial::golden::{array, digest};
use crate::{Action, Spec, eval};

fn options(
    strides: &[usize],
    padding: Padding,
    data_format: DataFormat,
    dilation_rate: &[usize],
) -> ConvOptions {
    let (strides, dilation_rate) = (strides.to_vec(), dilation_rate.to_vec());
    ConvOptions { strides, padding, data_format, dilation_rate }
}

/// Shape, weighted sum and last element of the result for inputs sin(0.7·i + 0.3) and a kernel
/// sin(0.37·i + 0.3).
fn golden(
    operation: &str,
    [inputs, kernel]: [&[usize]; 2],
    options: &ConvOptions,
    output_padding: Option<&[usize]>,
    (shape, sum, last): (&[usize], f64, f64),
) {
    let result = eval(
        |x| {
            vec![match operation {
                "conv" => conv(&x[0], &x[1], options),
                "depthwise_conv" => depthwise_conv(&x[0], &x[1], options),
                _ => conv_transpose(&x[0], &x[1], options, output_padding),
            }]
        },
        &[&array(inputs, 0.7), &array(kernel, 0.37)],
    );
    let found = digest(&result.unwrap()[0]);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
    assert_eq!(found.0, shape, "{operation} {inputs:?} {kernel:?} {options:?}");
    assert!(
        close(found.1, sum) && close(found.2, last),
        "{operation} {inputs:?} {kernel:?} {options:?}: {found:?}"
    );
}

/// `keras.ops` of Keras 3.15.1 on TensorFlow 2.21 (CPU), float32. Causal: its layer pads the inputs
/// and convolves with `valid`.
#[test]
fn convolutions_are_those_of_keras() {
    golden(
        "conv",
        [&[2, 5, 4, 3], &[3, 2, 3, 4]],
        &options(&[2], Valid, ChannelsLast, &[]),
        None,
        (&[2, 2, 2, 4], -3.73163, -2.67619),
    );
    golden(
        "conv",
        [&[2, 5, 4, 3], &[3, 2, 3, 4]],
        &options(&[2], Same, ChannelsLast, &[]),
        None,
        (&[2, 3, 2, 4], 18.9814, 1.11472),
    );
    golden(
        "conv",
        [&[2, 6, 5, 4], &[2, 3, 2, 6]],
        &options(&[], Same, ChannelsLast, &[]),
        None,
        (&[2, 6, 5, 6], 0.106_335, -1.00025),
    );
    golden(
        "conv",
        [&[2, 5, 5, 2], &[3, 3, 2, 3]],
        &options(&[], Same, ChannelsLast, &[2]),
        None,
        (&[2, 5, 5, 3], -4.77409, 1.27976),
    );
    golden(
        "conv",
        [&[2, 3, 5, 4], &[2, 2, 3, 2]],
        &options(&[2, 1], Same, ChannelsFirst, &[]),
        None,
        (&[2, 2, 3, 4], 27.2443, 0.742_314),
    );
    golden(
        "conv",
        [&[2, 7, 2], &[3, 2, 4]],
        &options(&[], Causal, ChannelsLast, &[2]),
        None,
        (&[2, 7, 4], -7.98588, 0.698_974),
    );
    golden(
        "conv",
        [&[2, 8, 2], &[3, 2, 4]],
        &options(&[3], Causal, ChannelsLast, &[]),
        None,
        (&[2, 3, 4], 2.77373, 0.309_963),
    );
    golden(
        "conv",
        [&[1, 3, 4, 3, 2], &[2, 2, 2, 2, 3]],
        &options(&[1, 2, 1], Same, ChannelsLast, &[]),
        None,
        (&[1, 3, 2, 3, 3], -3.17398, 2.09938),
    );
    golden(
        "depthwise_conv",
        [&[2, 5, 5, 2], &[3, 3, 2, 3]],
        &options(&[2], Same, ChannelsLast, &[]),
        None,
        (&[2, 3, 3, 6], 9.94028, -1.54194),
    );
    golden(
        "depthwise_conv",
        [&[2, 2, 6], &[3, 2, 2]],
        &options(&[], Valid, ChannelsFirst, &[2]),
        None,
        (&[2, 4, 2], -1.23828, 1.61103),
    );
}

#[test]
fn transposed_convolutions_are_those_of_keras() {
    golden(
        "conv_transpose",
        [&[2, 3, 4, 2], &[3, 2, 3, 2]],
        &options(&[2], Valid, ChannelsLast, &[]),
        None,
        (&[2, 7, 8, 3], 19.1093, 0.889_986),
    );
    golden(
        "conv_transpose",
        [&[2, 3, 4, 2], &[3, 2, 3, 2]],
        &options(&[2], Same, ChannelsLast, &[]),
        None,
        (&[2, 6, 8, 3], 8.47354, 1.3001),
    );
    golden(
        "conv_transpose",
        [&[2, 3, 4, 2], &[2, 2, 3, 2]],
        &options(&[3], Same, ChannelsLast, &[]),
        None,
        (&[2, 9, 12, 3], 1.66827, 0.0),
    );
    golden(
        "conv_transpose",
        [&[2, 3, 4, 2], &[3, 3, 3, 2]],
        &options(&[2], Same, ChannelsLast, &[]),
        Some(&[1]),
        (&[2, 6, 8, 3], -3.31837, -1.81133),
    );
    golden(
        "conv_transpose",
        [&[2, 3, 4, 2], &[3, 3, 3, 2]],
        &options(&[2], Valid, ChannelsLast, &[]),
        Some(&[1]),
        (&[2, 8, 10, 3], 9.43609, 0.0),
    );
    golden(
        "conv_transpose",
        [&[2, 5, 2], &[3, 4, 2]],
        &options(&[], Same, ChannelsLast, &[2]),
        None,
        (&[2, 5, 4], -9.4881, -1.68285),
    );
    golden(
        "conv_transpose",
        [&[2, 5, 2], &[3, 4, 2]],
        &options(&[3], Valid, ChannelsLast, &[]),
        None,
        (&[2, 15, 4], 14.6546, 0.76838),
    );
    golden(
        "conv_transpose",
        [&[1, 2, 3, 2, 2], &[2, 3, 2, 3, 2]],
        &options(&[2], Same, ChannelsLast, &[]),
        None,
        (&[1, 4, 6, 4, 3], 24.0613, 0.090_141_9),
    );
}

#[test]
fn a_separable_convolution_is_two() {
    let [x, depthwise, pointwise] =
        [array(&[2, 5, 4, 2], 0.7), array(&[3, 3, 2, 2], 0.37), array(&[1, 1, 4, 3], 0.21)];
    let options = options(&[], Same, ChannelsLast, &[]);
    let result = eval(
        |x| vec![separable_conv(&x[0], &x[1], &x[2], &options)],
        &[&x, &depthwise, &pointwise],
    );
    let (shape, sum, last) = digest(&result.unwrap()[0]);
    assert_eq!(shape, [2, 5, 4, 3]);
    assert!((sum + 0.246_058).abs() < 1e-4 && (last + 3.531_286).abs() < 1e-4, "{sum} {last}");
}

fn refused(function: impl Fn(&Tensor, &Tensor) -> Tensor, kernel: &[usize]) -> String {
    let specs = [Spec::new(DType::F32, Shape::batched(&[4, 4, 3])), Spec::new(DType::F32, kernel)];
    let error = crate::infer(&specs, |x| Ok(vec![function(&x[0], &x[1]).checked()?]));
    error.unwrap_err().to_string().lines().next().unwrap().to_owned()
}

#[test]
fn bad_arguments_are_named() {
    let plain = |options: ConvOptions| move |x: &Tensor, k: &Tensor| conv(x, k, &options);
    let default = ConvOptions::default;
    insta::assert_snapshot!(refused(plain(default()), &[5, 2, 3, 4]), @"convolution: kernel expected at most 4 elements along spatial axis 0 of [N, 4, 4, 3], received shape [5, 2, 3, 4]");
    insta::assert_snapshot!(refused(plain(default()), &[2, 2, 2, 4]), @"conv: kernel expected a divisor of 3 channels before the last axis, received shape [2, 2, 2, 4]");
    insta::assert_snapshot!(refused(plain(default()), &[2, 3, 4]), @"conv: kernel expected 4 fixed sizes above 0, as inputs [N, 4, 4, 3], received shape [2, 3, 4]");
    insta::assert_snapshot!(refused(plain(default()), &[2, 0, 3, 4]), @"conv: kernel expected 4 fixed sizes above 0, as inputs [N, 4, 4, 3], received shape [2, 0, 3, 4]");
    insta::assert_snapshot!(refused(plain(default()), &[2, 2, 1, 4]), @"convolution: groups expected a divisor of 3 channels and 4 filters, received 3");
    insta::assert_snapshot!(refused(plain(ConvOptions { strides: vec![0, 1], ..default() }), &[2, 2, 3, 4]), @"conv: strides expected 2 whole numbers from 1 to 2147483647, or one for all, received [0, 1]");
    insta::assert_snapshot!(refused(plain(ConvOptions { strides: vec![1, 1, 1], ..default() }), &[2, 2, 3, 4]), @"conv: strides expected 2 whole numbers from 1 to 2147483647, or one for all, received [1, 1, 1]");
    insta::assert_snapshot!(refused(plain(ConvOptions { dilation_rate: vec![1 << 40], ..default() }), &[2, 2, 3, 4]), @"conv: dilation_rate expected 2 whole numbers from 1 to 2147483647, or one for all, received [1099511627776]");
    insta::assert_snapshot!(refused(plain(ConvOptions { padding: Causal, ..default() }), &[2, 2, 3, 4]), @"conv: padding expected valid or same where there are several spatial axes, received causal");
    insta::assert_snapshot!(refused(|x, k| depthwise_conv(x, k, &default()), &[2, 2, 1, 4]), @"depthwise_conv: kernel expected 3 before the last axis, the channels, received shape [2, 2, 1, 4]");
    insta::assert_snapshot!(refused(|x, k| conv_transpose(x, k, &default(), None), &[2, 2, 4, 2]), @"conv_transpose: kernel expected 3 on the last axis, the channels, received shape [2, 2, 4, 2]");
    insta::assert_snapshot!("mirror".parse::<Padding>().unwrap_err(), @"padding: name expected one of valid, same, causal, received mirror");
}

#[test]
fn a_model_records_the_configuration_of_keras() {
    let x = Tensor::input(None, Spec::new(DType::F32, Shape::batched(&[4, 4, 3])));
    let kernel = Tensor::input(None, Spec::new(DType::F32, &[2, 2, 3, 5][..]));
    let recorded = conv(&x, &kernel, &options(&[2], Same, ChannelsLast, &[]));
    assert_eq!(recorded.shape().to_string(), "[N, 2, 2, 5]");
    let Action::Operation { operation, attributes, .. } = &recorded.recorded().unwrap().step.action
    else {
        panic!("an operation is recorded");
    };
    assert_eq!(operation.class_name, "Conv");
    let text = format!("{attributes:?}");
    insta::assert_snapshot!(text, @r#"[("strides", Integer(2)), ("padding", Text("same")), ("data_format", Text("channels_last")), ("dilation_rate", Integer(1))]"#);
}
