use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use rhyton_tensor::{Array, DType};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/augmentation").join(name)
}

fn changed(augmentation: &Augmentation, images: &Array) -> Array {
    let mut arrays = [images.clone()];
    let augmenter = Augmenter::new(augmentation, &[images.into()], 1).unwrap();
    let samples: Vec<usize> = (0..images.shape()[0]).collect();
    augmenter.apply(&mut arrays, &samples, (1, 2), &mut Scratch::default());
    let [changed] = arrays;
    changed
}

/// Tolerance and provenance: `goldens/augmentation/PROVENANCE.md`.
#[test]
fn steps_are_those_of_keras() {
    let text = std::fs::read_to_string(golden("cases.json")).unwrap();
    let cases: Value = serde_json::from_str(&text).unwrap();
    let arrays: std::collections::BTreeMap<String, Array> =
        crate::npz::read(&golden("cases.npz")).unwrap().into_iter().collect();
    let images = &arrays["images"];
    for (name, layers) in cases.as_object().unwrap() {
        let augmentation = Augmentation::from_keras(layers).unwrap();
        let (found, expected) = (changed(&augmentation, images), &arrays[name]);
        let pairs = found.view::<f32>().iter().zip(expected.view::<f32>());
        let far = pairs.filter(|(a, b)| (*a - *b).abs() > 0.02).count();
        assert!(far * 200 <= found.len(), "{name}: {far} of {} differ", found.len());
    }
}

#[test]
fn a_sequential_of_keras_is_a_pipeline() {
    let text = std::fs::read_to_string(golden("sequential.json")).unwrap();
    let pipeline = Augmentation::from_keras_text(&text, Path::new("s.json")).unwrap();
    assert_eq!(pipeline.steps.len(), 5);
    let shown = format!("{:?}", pipeline.steps.iter().map(|s| &s.operation).collect::<Vec<_>>());
    insta::assert_snapshot!(shown, @"[Flip { mode: Horizontal }, Rotation { turns: (-0.1, 0.1) }, Crop { height: 4, width: 4 }, Contrast { factor: (1.0, 1.3), range: Some((0.0, 255.0)) }, Zoom { height: (-0.2, 0.2), width: None }]");
}

#[test]
fn maps_are_composed_before_pixels_are_moved() {
    let pixels: Vec<f32> = (0..36).map(|place| (place * 7 % 13) as f32).collect();
    let image = Array::from_slice(&[1, 6, 6], &pixels).unwrap();
    // A shift by half a pixel and back would blur twice.
    let shift = |by: f64| {
        json!({"class_name": "RandomTranslation", "config": {
        "height_factor": [by, by], "width_factor": [by, by], "fill_mode": "nearest"}})
    };
    let pair = Augmentation::from_keras(&json!([shift(0.5 / 6.0), shift(-0.5 / 6.0)])).unwrap();
    let same = changed(&pair, &image);
    let far = same.view::<f32>().iter().zip(&pixels).filter(|(a, b)| (**a - **b).abs() > 1e-4);
    assert_eq!(far.count(), 0);
}

#[test]
fn flips_crops_and_bytes() {
    let bytes: Vec<u8> = (0..4 * 16 * 3).map(|place| (place * 5 % 256) as u8).collect();
    let images = Array::from_slice(&[4, 4, 4, 3], &bytes).unwrap();
    let flipped = changed(&Augmentation::new().flip(FlipMode::Horizontal), &images);
    let rows = |array: &Array, image: usize| -> Vec<Vec<u8>> {
        array.view::<u8>()[image * 48..][..48].chunks(12).map(<[u8]>::to_vec).collect()
    };
    let mirrored = |row: &Vec<u8>| row.chunks(3).rev().flatten().copied().collect::<Vec<u8>>();
    let mut count = 0;
    for image in 0..4 {
        let (before, after) = (rows(&images, image), rows(&flipped, image));
        let turned: Vec<Vec<u8>> = before.iter().map(mirrored).collect();
        assert!(after == before || after == turned);
        count += usize::from(after == turned);
    }
    assert!((1..4).contains(&count), "{count}");
    assert_eq!(changed(&Augmentation::new().crop(4, 4), &images), images);
    assert_ne!(changed(&Augmentation::new().crop(2, 3), &images), images);
    // A constant image stays one under whatever moves pixels, and contrast keeps its mean.
    let plain = Array::full(DType::U8, &[4, 4, 4, 1], 200.0);
    let moved = Augmentation::new().rotation(30.0).zoom(0.2).shift(0.2).crop(3, 3).contrast(0.5);
    assert_eq!(changed(&moved, &plain), plain);
    let light = changed(&Augmentation::new().brightness(1.0), &plain);
    assert!(light != plain);
}

#[test]
fn channels_first_is_another_order_of_the_same() {
    let planes: Vec<f32> = (0..2 * 3 * 4 * 5).map(|place| (place % 23) as f32 / 23.0).collect();
    let last: Vec<f32> = (0..2 * 4 * 5 * 3)
        .map(|place| planes[place / 60 * 60 + place % 3 * 20 + place % 60 / 3])
        .collect();
    let pipeline = Augmentation::new().rotation(40.0).zoom(0.3).contrast(0.4);
    let first = pipeline.clone().channels_first(true);
    let planes = changed(&first, &Array::from_slice(&[2, 3, 4, 5], &planes).unwrap());
    let last = changed(&pipeline, &Array::from_slice(&[2, 4, 5, 3], &last).unwrap());
    for place in 0..120 {
        let other = planes.view::<f32>()[place / 60 * 60 + place % 3 * 20 + place % 60 / 3];
        assert_eq!(last.view::<f32>()[place], other);
    }
}

#[test]
fn text_says_the_same_as_code() {
    let text = "rotation=10, zoom=0.1,shift=-0.1:0.1,fill=nearest,value_range=0:1";
    let parsed = Augmentation::from_text(text).unwrap();
    let coded = Augmentation::new().rotation(10.0).zoom(0.1).shift(0.1);
    let coded = coded.fill_mode(FillMode::Nearest).value_range(0.0, 1.0);
    assert_eq!(format!("{parsed:?}"), format!("{coded:?}"));
    let message = |text: &str| Augmentation::from_text(text).unwrap_err().to_string();
    insta::assert_snapshot!(message("rotate=10"), @"augmentation: step: expected one of rotation, zoom, shift, flip, crop, contrast, brightness, fill, fill_value, interpolation, value_range, data_format, received `rotate`");
    insta::assert_snapshot!(message("rotation"), @"augmentation: rotation: expected NAME=VALUE, such as rotation=10, received no value");
    insta::assert_snapshot!(message("zoom=2"), @"augmentation: zoom: expected a number, or FROM:TO, from -0.999999 to 1, received `2`");
    insta::assert_snapshot!(message("flip=left"), @"augmentation: flip: expected horizontal, vertical or horizontal_and_vertical, received `left`");
    insta::assert_snapshot!(message("crop=0x3"), @"augmentation: crop: expected pixels as HEIGHTxWIDTH, such as 24x24, received `0x3`");
    insta::assert_snapshot!(message("fill=nearest"), @"augmentation: steps: expected at least one, such as rotation=10, received none");
    insta::assert_snapshot!(message("fill_value=NaN,zoom=0.1"), @"augmentation: fill_value: expected a number, received `NaN`");
}

#[test]
fn wrong_layers_are_named() {
    let message = |json: Value| Augmentation::from_keras(&json).unwrap_err().to_string();
    insta::assert_snapshot!(message(json!([{"class_name": "RandomHue", "config": {}}])), @"augmentation: layer: expected one of RandomRotation, RandomZoom, RandomTranslation, RandomFlip, RandomCrop, RandomContrast, RandomBrightness, received `RandomHue`");
    let layer =
        |class_name: &str, config: Value| json!([{"class_name": class_name, "config": config}]);
    insta::assert_snapshot!(message(layer("RandomRotation", json!({"factor": [0.1, 2]}))), @"augmentation: RandomRotation: factor: expected a number, or a list of two, from -1 to 1, received [0.1,2]");
    insta::assert_snapshot!(message(layer("RandomZoom", json!({}))), @"augmentation: RandomZoom: height_factor: expected a number or a list of two, received null");
    insta::assert_snapshot!(message(layer("RandomFlip", json!({"mode": 3}))), @"augmentation: RandomFlip: mode: expected a text, received 3");
    insta::assert_snapshot!(message(layer("RandomCrop", json!({"height": -1}))), @"augmentation: RandomCrop: height: expected a number of pixels from 1 on, received -1");
    insta::assert_snapshot!(message(json!(7)), @"augmentation: layers: expected a list of layers' configurations, received 7");
    let text = Augmentation::from_keras_text("[{,", Path::new("a.json")).unwrap_err().to_string();
    insta::assert_snapshot!(text, @"a.json: line 1, column 3: expected JSON, received key must be a string at line 1 column 3; write it with json.dump([keras.layers.serialize(layer), …])");
    let flat = Array::zeros(DType::F32, &[2, 784]);
    let refused = Augmenter::new(&Augmentation::new().zoom(0.1), &[(&flat).into()], 1);
    insta::assert_snapshot!(refused.unwrap_err(), @"augmentation: inputs: expected an input of images: (height, width) or (height, width, channels), received [784]");
    let doubles = Array::zeros(DType::F64, &[2, 7, 7]);
    let refused = Augmenter::new(&Augmentation::new().zoom(0.1), &[(&doubles).into()], 1);
    insta::assert_snapshot!(refused.unwrap_err(), @"augmentation: input 0: expected images of float32 or uint8, received float64");
}
