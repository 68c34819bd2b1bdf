use rhyton::layers::LAYERS;
use rhyton::{
    Array, Conv1D, Conv2D, Conv2DTranspose, Cropping1D, Cropping2D, DType, DepthwiseConv2D,
    Flatten, GlobalAveragePooling2D, Layer, MaxPooling2D, Model, Predict, SeparableConv2D,
    Sequential, UpSampling2D, UpSampling3D, ZeroPadding1D, ZeroPadding2D,
};
use serde_json::{Value, json};

/// What is said of a layer of this class and configuration on samples of this shape.
fn refusal(class: &str, config: Value, sample: &[usize]) -> String {
    let spec = LAYERS.find(class).unwrap();
    let layer = match (spec.from_config)(config) {
        Ok(layer) => layer,
        Err(error) => return error.to_string(),
    };
    let x = rhyton::input(sample);
    let y = rhyton::Apply::apply(&*layer, &[&x]);
    Model::functional(&[&x], &[&y]).err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn combinations_that_keras_refuses_are_refused_by_argument() {
    let (image, sequence) = ([6, 6, 4].as_slice(), [6, 4].as_slice());
    let conv = |config| refusal("Conv2D", config, image);
    let transpose = |config| refusal("Conv2DTranspose", config, image);
    let told = [
        conv(json!({"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": [1, 2]})),
        conv(json!({"filters": 4, "kernel_size": 3, "groups": 3})),
        conv(json!({"filters": 6, "kernel_size": 3, "groups": 3})),
        conv(json!({"filters": 6, "kernel_size": 3, "groups": 0})),
        conv(json!({"filters": 6, "kernel_size": 3, "padding": "causal"})),
        conv(json!({"filters": 6, "kernel_size": 3, "data_format": "NHWC"})),
        conv(json!({"filters": 0, "kernel_size": 3})),
        conv(json!({"filters": 6})),
        conv(json!({"filters": 6, "kernel_size": [3]})),
        conv(json!({"filters": 6, "kernel_size": 3, "strides": 0})),
        conv(json!({"filters": 6, "kernel_size": [4, 3], "dilation_rate": 2})),
        refusal("Conv1D", json!({"filters": 6, "kernel_size": 3}), image),
        transpose(json!({"filters": 2, "kernel_size": 3, "strides": [2, 3], "output_padding": 2})),
        transpose(json!({"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2})),
        transpose(json!({"filters": 2, "kernel_size": 3, "groups": 2})),
        transpose(json!({"filters": 2, "kernel_size": 3, "padding": "causal"})),
        refusal("DepthwiseConv2D", json!({"kernel_size": 3, "depth_multiplier": 0}), image),
        refusal("MaxPooling2D", json!({"pool_size": [2, 7]}), image),
        refusal("AveragePooling1D", json!({"padding": "causal"}), sequence),
        refusal("Cropping2D", json!({"cropping": [[3, 3], [0, 0]]}), image),
        refusal("Cropping1D", json!({"data_format": "channels_first"}), sequence),
        refusal("UpSampling2D", json!({"interpolation": "area"}), image),
        refusal("UpSampling3D", json!({"interpolation": "bilinear"}), &[6, 6, 6, 4]),
        refusal("ZeroPadding2D", json!({"padding": [1, 2, 3]}), image),
        refusal("AdaptiveMaxPooling1D", json!({"output_size": 0}), sequence),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    conv2d: Conv2D: strides expected 1, since dilation_rate is [1, 2], received [2, 2]
    conv2d: Conv2D: filters expected a multiple of groups, 3, received 4
    conv2d: Conv2D: groups expected a divisor of the input's 4 channels, received 3
    conv2d: Conv2D: groups expected at least 1, received 0
    conv2d: Conv2D: padding expected valid or same, received causal
    conv2d: Conv2D: data_format expected channels_last or channels_first, received nhwc
    conv2d: Conv2D: filters expected at least 1, received 0
    conv2d: Conv2D: kernel_size expected a number of at least 1 for each axis, received [0, 0]
    Conv2D: kernel_size expected a value of its type, received [3] (expected a whole number from 0 to 2147483647 or a list of 2 such numbers)
    conv2d: Conv2D: strides expected a number of at least 1 for each axis, received [0, 0]
    conv2d: Conv2D: kernel_size expected at most the input's sizes [6, 6], dilation included, received [7, 5]
    conv1d: Conv1D: input expected [batch, steps, channels], received [N, 6, 6, 4]
    conv2d_transpose: Conv2DTranspose: output_padding expected less than strides, [2, 3], received [2, 2]
    conv2d_transpose: Conv2DTranspose: strides expected 1, since dilation_rate is [2, 2], received [2, 2]
    Conv2DTranspose: groups expected 1, received 2
    conv2d_transpose: Conv2DTranspose: padding expected valid or same, received causal
    depthwise_conv2d: DepthwiseConv2D: depth_multiplier expected 1 to 536870911, received 0
    max_pooling2d: MaxPooling2D: pool_size expected at most the input's sizes [6, 6], received [2, 7]
    average_pooling1d: AveragePooling1D: padding expected valid or same, received causal
    cropping2d: Cropping2D: cropping expected less than the sizes [6, 6] in all, received [[3, 3], [0, 0]]
    cropping1d: Cropping1D: data_format expected channels_last, received channels_first
    up_sampling2d: UpSampling2D: interpolation expected one of nearest, bilinear, bicubic, lanczos3, lanczos5, received area
    up_sampling3d: UpSampling3D: interpolation expected one of nearest, received bilinear
    ZeroPadding2D: padding expected a value of its type, received [1,2,3] (expected a whole number, or a list with a number or a pair for each of 2 axes)
    adaptive_max_pooling1d: AdaptiveMaxPooling1D: output_size expected a number of at least 1 for each axis, received [0]
    "#);
}

#[test]
fn absurd_sizes_are_errors() {
    let huge = usize::MAX;
    let built = |layer: &dyn Layer| {
        let x = rhyton::input(&[5, 5, 2]);
        Model::functional(&[&x], &[&rhyton::Apply::apply(layer, &[&x])]).map(drop)
    };
    built(&Conv2D::new(huge, 3)).unwrap_err();
    built(&Conv2D::new(1, huge)).unwrap_err();
    built(&Conv2D::new(1, 3).strides(huge)).unwrap_err();
    built(&Conv2D::new(1, 3).dilation_rate(huge).padding("same")).unwrap_err();
    built(&Conv2DTranspose::new(1, 1 << 30).strides(1 << 30)).unwrap_err();
    built(&DepthwiseConv2D::new(3).depth_multiplier(huge)).unwrap_err();
    built(&SeparableConv2D::new(huge, 3).depth_multiplier(huge)).unwrap_err();
    built(&ZeroPadding2D::new(huge)).unwrap_err();
    built(&ZeroPadding2D::new(1 << 30)).unwrap_err();
    built(&Cropping2D::new(huge)).unwrap_err();
    built(&UpSampling2D::new(huge)).unwrap_err();
    built(&UpSampling2D::new(1 << 30)).unwrap_err();
    built(&MaxPooling2D::new(huge).padding("same")).unwrap_err();
}

/// The keys that a layer writes.
fn written(layer: &dyn Layer) -> Value {
    Value::Object(layer.config())
}

#[test]
fn files_say_where_channels_stand() {
    assert_eq!(
        written(&Conv2D::new(3, (2, 3)).padding("same")),
        json!({"filters": 3, "kernel_size": [2, 3], "padding": "same", "data_format": "channels_last"})
    );
    assert_eq!(
        written(&GlobalAveragePooling2D::new().data_format("channels_first").keepdims(true)),
        json!({"data_format": "channels_first", "keepdims": true})
    );
    assert_eq!(written(&Flatten::new()), json!({"data_format": "channels_last"}));
    // Keras knew no such key for these layers, or learnt it late.
    assert_eq!(written(&ZeroPadding1D::new((2, 0))), json!({"padding": [2, 0]}));
    assert_eq!(
        written(&ZeroPadding1D::new(1).data_format("channels_first")),
        json!({"data_format": "channels_first"})
    );
    assert_eq!(written(&Cropping1D::new(2)), json!({"cropping": 2}));
    assert_eq!(written(&UpSampling3D::new((1, 2, 3)))["size"], json!([1, 2, 3]));
    let read = |class: &str, config| {
        let layer = (LAYERS.find(class).unwrap().from_config)(config).unwrap();
        written(&*layer)["data_format"].clone()
    };
    assert_eq!(read("Conv2D", json!({"data_format": "Channels_First"})), json!("channels_first"));
    assert_eq!(read("Conv2D", json!({"data_format": null})), json!("channels_last"));
}

#[test]
fn keys_of_older_kerases_are_read() {
    let read = |class: &str, config| (LAYERS.find(class).unwrap().from_config)(config).map(drop);
    read(
        "DepthwiseConv2D",
        json!({"kernel_size": [3, 3], "groups": 1, "kernel_initializer": "ones"}),
    )
    .unwrap();
    read("Conv2DTranspose", json!({"filters": 1, "kernel_size": [3, 3], "groups": 1})).unwrap();
    read(
        "SeparableConv2D",
        json!({"filters": 1, "kernel_size": 3, "groups": 1, "kernel_regularizer": null}),
    )
    .unwrap();
    read(
        "Conv2D",
        json!({"filters": 1, "kernel_size": 3, "lora_rank": null, "quantization_config": null}),
    )
    .unwrap();
}

#[test]
fn the_activation_of_a_convolution_can_be_exchanged() {
    let layer = Conv1D::new(2, 2).activation("relu");
    let name = |layer: &dyn Layer| layer.activation().unwrap().definition().unwrap().name.clone();
    assert_eq!(name(&layer), "relu");
    let other = layer.with_activation("tanh".into());
    assert_eq!(name(&*other), "tanh");
    assert_eq!(written(&*other)["kernel_size"], json!(2));
}

/// With channels first, a parameter per channel belongs to axis 1.
#[test]
fn a_parameter_per_channel_follows_the_channels() {
    let x = Array::from_slice(&[1, 1, 2, 2], &[-1.0_f32, -2.0, -3.0, 4.0]).unwrap();
    let model = Sequential::new()
        .input(&[1, 2, 2])
        .add(
            Conv2D::new(3, 1)
                .data_format("channels_first")
                .kernel_initializer("ones")
                .activation("leaky_relu(negative_slope=trainable(0.5, axis=1))")
                .name("conv"),
        )
        .build()
        .unwrap();
    let slopes = Array::from_slice(&[3], &[0.0_f32, 1.0, 10.0]).unwrap();
    let path = "conv/activation/negative_slope";
    assert_eq!(model.weight(path).unwrap().shape(), [3]);
    model.set_weight(path, &slopes).unwrap();
    let y = model.predict(&x, Predict::new()).unwrap().remove(0);
    assert_eq!(y.shape(), [1, 3, 2, 2]);
    let expected = [0.0, 0.0, 0.0, 4.0, -1.0, -2.0, -3.0, 4.0, -10.0, -20.0, -30.0, 4.0];
    assert_eq!(y.view::<f32>(), expected);
}

#[test]
fn an_empty_batch_passes() {
    let model = Sequential::new()
        .input(&[6, 6, 2])
        .add(Conv2D::new(3, 3))
        .add(MaxPooling2D::new(2))
        .add(GlobalAveragePooling2D::new())
        .build()
        .unwrap();
    let x = Array::zeros(DType::F32, &[0, 6, 6, 2]);
    let y = model.predict(&x, Predict::new()).unwrap().remove(0);
    assert_eq!(y.shape(), [0, 3]);
}
