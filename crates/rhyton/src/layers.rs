//! The layers, one file each. To add one: a file with its `SPEC`, its `mod` line and its line in
//! [`LAYERS`]; reader, writer, support tables and tests follow from the list.
//!
//! Kinds that Keras has for one, two and three axes (`Conv2D`, …) are one struct with the number of
//! axes as a parameter. Serde's plain `default` refuses such structs, a path to it does not.

use crate::layer::Layer;
use crate::objects::ObjectList;

mod activation;
mod activity_regularization;
mod adaptive_average_pooling1d;
mod adaptive_average_pooling2d;
mod adaptive_average_pooling3d;
mod adaptive_max_pooling1d;
mod adaptive_max_pooling2d;
mod adaptive_max_pooling3d;
mod adaptive_pooling;
mod add;
mod alpha_dropout;
mod average;
mod average_pooling1d;
mod average_pooling2d;
mod average_pooling3d;
mod axis;
mod batch_normalization;
mod concatenate;
mod conv1d;
mod conv1d_transpose;
mod conv2d;
mod conv2d_transpose;
mod conv3d;
mod conv3d_transpose;
mod convolution;
mod convolution_transpose;
mod cropping;
mod cropping1d;
mod cropping2d;
mod cropping3d;
mod dense;
mod depthwise_conv1d;
mod depthwise_conv2d;
mod depthwise_convolution;
mod dot;
mod dropout;
mod einsum_dense;
mod elu;
mod flatten;
mod gaussian_dropout;
mod gaussian_noise;
mod global_average_pooling1d;
mod global_average_pooling2d;
mod global_average_pooling3d;
mod global_max_pooling1d;
mod global_max_pooling2d;
mod global_max_pooling3d;
mod global_pooling;
#[cfg(all(test, feature = "training"))]
mod goldens;
mod group_normalization;
mod identity;
mod image_data_format;
mod kernel_window;
mod layer_normalization;
mod layer_scale;
mod leaky_re_lu;
mod max_pooling1d;
mod max_pooling2d;
mod max_pooling3d;
mod maximum;
mod merging;
mod minimum;
mod multiply;
mod normalization;
mod numbers;
mod p_re_lu;
mod permute;
mod pooling;
mod re_lu;
mod repeat_vector;
mod resampling;
mod rescaling;
mod reshape;
mod rms_normalization;
mod separable_conv1d;
mod separable_conv2d;
mod separable_convolution;
mod sizes;
mod softmax;
mod spatial_dropout1d;
mod spatial_dropout2d;
mod spatial_dropout3d;
mod subtract;
mod unit_normalization;
mod up_sampling;
mod up_sampling1d;
mod up_sampling2d;
mod up_sampling3d;
mod zero_padding;
mod zero_padding1d;
mod zero_padding2d;
mod zero_padding3d;

pub use activation::ActivationLayer;
pub use activity_regularization::ActivityRegularization;
pub use adaptive_average_pooling1d::AdaptiveAveragePooling1D;
pub use adaptive_average_pooling2d::AdaptiveAveragePooling2D;
pub use adaptive_average_pooling3d::AdaptiveAveragePooling3D;
pub use adaptive_max_pooling1d::AdaptiveMaxPooling1D;
pub use adaptive_max_pooling2d::AdaptiveMaxPooling2D;
pub use adaptive_max_pooling3d::AdaptiveMaxPooling3D;
pub use adaptive_pooling::AdaptivePooling;
pub use add::Add;
pub use alpha_dropout::AlphaDropout;
pub use average::Average;
pub use average_pooling1d::AveragePooling1D;
pub use average_pooling2d::AveragePooling2D;
pub use average_pooling3d::AveragePooling3D;
pub use axis::Axis;
pub use batch_normalization::BatchNormalization;
pub use concatenate::Concatenate;
pub use conv1d::Conv1D;
pub use conv1d_transpose::Conv1DTranspose;
pub use conv2d::Conv2D;
pub use conv2d_transpose::Conv2DTranspose;
pub use conv3d::Conv3D;
pub use conv3d_transpose::Conv3DTranspose;
pub use convolution::Convolution;
pub use convolution_transpose::ConvolutionTranspose;
pub use cropping::Cropping;
pub use cropping1d::Cropping1D;
pub use cropping2d::Cropping2D;
pub use cropping3d::Cropping3D;
pub use dense::Dense;
pub use depthwise_conv1d::DepthwiseConv1D;
pub use depthwise_conv2d::DepthwiseConv2D;
pub use depthwise_convolution::DepthwiseConvolution;
pub use dot::Dot;
pub use dropout::Dropout;
pub use einsum_dense::{EinsumDense, OutputShape};
pub use elu::ELU;
pub use flatten::Flatten;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use global_average_pooling3d::GlobalAveragePooling3D;
pub use global_max_pooling1d::GlobalMaxPooling1D;
pub use global_max_pooling2d::GlobalMaxPooling2D;
pub use global_max_pooling3d::GlobalMaxPooling3D;
pub use global_pooling::GlobalPooling;
pub use group_normalization::GroupNormalization;
pub use identity::Identity;
pub use image_data_format::ImageDataFormat;
pub use layer_normalization::LayerNormalization;
pub use layer_scale::LayerScale;
pub use leaky_re_lu::LeakyReLU;
pub use max_pooling1d::MaxPooling1D;
pub use max_pooling2d::MaxPooling2D;
pub use max_pooling3d::MaxPooling3D;
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use multiply::Multiply;
pub use normalization::Normalization;
pub use numbers::Numbers;
pub use p_re_lu::PReLU;
pub use permute::Permute;
pub use pooling::Pooling;
pub use re_lu::ReLU;
pub use repeat_vector::RepeatVector;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use rms_normalization::RMSNormalization;
pub use separable_conv1d::SeparableConv1D;
pub use separable_conv2d::SeparableConv2D;
pub use separable_convolution::SeparableConvolution;
pub use sizes::{Margins, Sizes};
pub use softmax::Softmax;
pub use spatial_dropout1d::SpatialDropout1D;
pub use spatial_dropout2d::SpatialDropout2D;
pub use spatial_dropout3d::SpatialDropout3D;
pub use subtract::Subtract;
pub use unit_normalization::UnitNormalization;
pub use up_sampling::UpSampling;
pub use up_sampling1d::UpSampling1D;
pub use up_sampling2d::UpSampling2D;
pub use up_sampling3d::UpSampling3D;
pub use zero_padding::ZeroPadding;
pub use zero_padding1d::ZeroPadding1D;
pub use zero_padding2d::ZeroPadding2D;
pub use zero_padding3d::ZeroPadding3D;

/// Every layer that configurations can name.
pub static LAYERS: ObjectList<dyn Layer> = ObjectList {
    kind: "layer",
    specs: &[
        &activation::SPEC,
        &activity_regularization::SPEC,
        &adaptive_average_pooling1d::SPEC,
        &adaptive_average_pooling2d::SPEC,
        &adaptive_average_pooling3d::SPEC,
        &adaptive_max_pooling1d::SPEC,
        &adaptive_max_pooling2d::SPEC,
        &adaptive_max_pooling3d::SPEC,
        &add::SPEC,
        &alpha_dropout::SPEC,
        &average::SPEC,
        &average_pooling1d::SPEC,
        &average_pooling2d::SPEC,
        &average_pooling3d::SPEC,
        &batch_normalization::SPEC,
        &concatenate::SPEC,
        &conv1d::SPEC,
        &conv1d_transpose::SPEC,
        &conv2d::SPEC,
        &conv2d_transpose::SPEC,
        &conv3d::SPEC,
        &conv3d_transpose::SPEC,
        &cropping1d::SPEC,
        &cropping2d::SPEC,
        &cropping3d::SPEC,
        &dense::SPEC,
        &depthwise_conv1d::SPEC,
        &depthwise_conv2d::SPEC,
        &dot::SPEC,
        &dropout::SPEC,
        &einsum_dense::SPEC,
        &elu::SPEC,
        &flatten::SPEC,
        &gaussian_dropout::SPEC,
        &gaussian_noise::SPEC,
        &global_average_pooling1d::SPEC,
        &global_average_pooling2d::SPEC,
        &global_average_pooling3d::SPEC,
        &global_max_pooling1d::SPEC,
        &global_max_pooling2d::SPEC,
        &global_max_pooling3d::SPEC,
        &group_normalization::SPEC,
        &identity::SPEC,
        &layer_normalization::SPEC,
        &layer_scale::SPEC,
        &leaky_re_lu::SPEC,
        &max_pooling1d::SPEC,
        &max_pooling2d::SPEC,
        &max_pooling3d::SPEC,
        &maximum::SPEC,
        &minimum::SPEC,
        &multiply::SPEC,
        &normalization::SPEC,
        &p_re_lu::SPEC,
        &permute::SPEC,
        &re_lu::SPEC,
        &repeat_vector::SPEC,
        &rescaling::SPEC,
        &reshape::SPEC,
        &rms_normalization::SPEC,
        &separable_conv1d::SPEC,
        &separable_conv2d::SPEC,
        &softmax::SPEC,
        &spatial_dropout1d::SPEC,
        &spatial_dropout2d::SPEC,
        &spatial_dropout3d::SPEC,
        &subtract::SPEC,
        &unit_normalization::SPEC,
        &up_sampling1d::SPEC,
        &up_sampling2d::SPEC,
        &up_sampling3d::SPEC,
        &zero_padding1d::SPEC,
        &zero_padding2d::SPEC,
        &zero_padding3d::SPEC,
    ],
};
