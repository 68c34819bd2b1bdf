//! Data in files and folders: what stays there, what is split off, what is changed.

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma};
use rhyton::{Array, Compile, Dense, Flatten, Model, Sequential};
use rhyton_data::npz;

use crate::process::{json, rhyton};

/// A compiled model of 8 × 8 images and three classes, and such images: class 1 is bright on the
/// left, class 2 at the bottom.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut model = Sequential::new()
        .input(&[8, 8, 1])
        .add(Flatten::new())
        .add(Dense::new(8).activation("relu"))
        .add(Dense::new(3).activation("softmax"))
        .build()
        .unwrap();
    let compile = Compile::new().optimizer("adam").loss("sparse_categorical_crossentropy");
    model.compile(compile.metrics(["accuracy"])).unwrap();
    model.save(folder.path().join("m.keras")).unwrap();
    let (x, y) = images(60);
    npz::write(&folder.path().join("d.npz"), [("x", &x), ("y", &y)]).unwrap();
    folder
}

fn images(count: usize) -> (Array, Array) {
    let labels: Vec<i32> = (0..count).map(|sample| (sample % 3) as i32).collect();
    let pixel = |place: usize| {
        let (sample, row, column) = (place / 64, place % 64 / 8, place % 8);
        let lit = match sample % 3 {
            0 => false,
            1 => column < 4,
            _ => row > 3,
        };
        (place * 7919 % 97) as f32 / 400.0 + if lit { 0.7 } else { 0.0 }
    };
    let pixels: Vec<f32> = (0..count * 64).map(pixel).collect();
    let x = Array::from_slice(&[count, 8, 8], &pixels).unwrap();
    (x, Array::from_slice(&[count], &labels).unwrap())
}

/// The images of `d.npz` as files by class.
fn image_folder(folder: &Path) {
    let (x, y) = images(60);
    let pairs = x.view::<f32>().chunks(64).zip(y.view::<i32>());
    for (sample, (pixels, label)) in pairs.enumerate() {
        let class = folder.join("images").join(["dark", "left", "low"][*label as usize]);
        fs::create_dir_all(&class).unwrap();
        let image = GrayImage::from_fn(8, 8, |column, row| {
            Luma([(pixels[(row * 8 + column) as usize] * 255.0).round() as u8])
        });
        image.save(class.join(format!("{sample}.png"))).unwrap();
    }
}

const TRAIN: [&str; 6] = ["train", "m.keras", "--data", "d.npz", "--output", "out.keras"];

fn train(folder: &Path, more: &[&str]) -> String {
    let finished = rhyton(folder, &[&TRAIN, more].concat());
    if finished.success { finished.stderr } else { finished.error() }
}

fn weights(path: &Path) -> Vec<Array> {
    Model::load(path).unwrap().weight_values().unwrap()
}

#[test]
fn arrays_left_in_their_file_train_the_same_bits() {
    let folder = folder();
    let path = folder.path();
    let more = ["--epochs", "2", "--validation-split", "0.2", "--augment", "rotation=10,shift=0.1"];
    train(path, &more);
    let in_memory = weights(&path.join("out.keras"));
    train(path, &[&more[..], &["--memory", "0"]].concat());
    assert_eq!(weights(&path.join("out.keras")), in_memory);
    let evaluate = ["evaluate", "out.keras", "--data", "d.npz", "--json"];
    let values = json(path, &evaluate);
    assert_eq!(json(path, &[&evaluate[..], &["--memory", "0"]].concat()), values);
    let predict = |output: &str, more: &[&str]| {
        let arguments = ["predict", "out.keras", "--input", "d.npz", "--output", output];
        rhyton(path, &[&arguments[..], more].concat()).output();
        fs::read(path.join(output)).unwrap()
    };
    assert_eq!(predict("a.npy", &[]), predict("b.npy", &["--memory", "0"]));
}

#[test]
fn a_folder_of_images_is_trained_on_and_predicted() {
    let folder = folder();
    let path = folder.path();
    image_folder(path);
    let data = ["train", "m.keras", "--data", "images", "--output", "out.keras"];
    let more = ["--epochs", "40", "--batch-size", "8", "-q"];
    rhyton(path, &[&data[..], &more].concat()).output();
    let values = json(path, &["evaluate", "out.keras", "--data", "images", "--json"]);
    assert!(values["accuracy"].as_f64().unwrap() > 0.9, "{values}");
    let predict = |input: &str| {
        let arguments = ["predict", "out.keras", "--input", input, "--output", "s.csv"];
        rhyton(path, &[&arguments[..], &["--submission"]].concat()).output();
        fs::read_to_string(path.join("s.csv")).unwrap()
    };
    let lines = predict("images/left");
    let labels: Vec<&str> = lines.lines().collect();
    assert_eq!((labels[0], labels[1], labels.len()), ("ImageId,Label", "1,1", 21));
    assert_eq!(predict("images/low/2.png"), "ImageId,Label\n1,2\n");
    let damaged = path.join("images/left/7.png");
    let whole = fs::read(&damaged).unwrap();
    fs::write(&damaged, &whole[..whole.len() / 2]).unwrap();
    let error = rhyton(path, &[&data[..], &more].concat()).error();
    assert!(error.starts_with("error: fit: images/left/7.png: image: expected a PNG"), "{error}");
}

#[test]
fn kaggles_table_becomes_a_submission() {
    let folder = folder();
    let path = folder.path();
    let (x, y) = images(30);
    let names: Vec<String> = (0..64).map(|place| format!("pixel{place}")).collect();
    let mut table = format!("label,{}\n", names.join(","));
    for (pixels, label) in x.view::<f32>().chunks(64).zip(y.view::<i32>()) {
        let pixels: Vec<String> =
            pixels.iter().map(|pixel| ((pixel * 255.0).round() as u8).to_string()).collect();
        table += &[&label.to_string()[..], &pixels.join(",")].join(",");
        table.push('\n');
    }
    fs::write(path.join("train.csv"), &table).unwrap();
    let data = ["train", "m.keras", "--data", "train.csv", "--output", "out.keras"];
    rhyton(path, &[&data[..], &["--epochs", "60", "--batch-size", "8", "-q"]].concat()).output();
    let predict = ["predict", "out.keras", "--input", "train.csv", "--output"];
    rhyton(path, &[&predict[..], &["s.csv", "--submission"]].concat()).output();
    let found = fs::read_to_string(path.join("s.csv")).unwrap();
    let right = found.lines().skip(1).zip(y.view::<i32>().iter().enumerate());
    let right = right.filter(|(line, (row, label))| **line == format!("{},{label}", row + 1));
    assert!(right.count() >= 27, "{found}");
    let refused = rhyton(path, &[&predict[..], &["s.npz", "--submission"]].concat()).error();
    insta::assert_snapshot!(refused, @"error: s.npz: expected a file name that ends in .csv");
    let broken = table.replace("2,", "2.5,");
    fs::write(path.join("train.csv"), broken).unwrap();
    insta::assert_snapshot!(rhyton(path, &data).error(), @"error: train.csv: line 4, column 1 (`label`): expected an integer label, received 2.5; labels are whole numbers, one per class from 0 on");
    fs::write(path.join("train.csv"), table.replacen("\n0,", "\n0,x", 2)).unwrap();
    insta::assert_snapshot!(rhyton(path, &data).error(), @"error: train.csv: line 2, column 2 (`pixel0`): expected a number, received `x0`; fill or remove it; text columns have to be encoded as numbers");
}

#[test]
fn a_share_of_every_class_is_kept_for_validation() {
    let folder = folder();
    let path = folder.path();
    let more = ["--validation-split", "0.2", "--stratify", "--history", "h.json"];
    train(path, &more);
    let first = weights(&path.join("out.keras"));
    train(path, &more);
    assert_eq!(weights(&path.join("out.keras")), first);
    train(path, &[&more[..], &["--seed", "1"]].concat());
    assert_ne!(weights(&path.join("out.keras")), first);
    assert!(train(path, &["--stratify"]).contains("pass --validation-split"));
    insta::assert_snapshot!(train(path, &["--validation-split", "1.5", "--stratify"]), @"error: validation_split: expected a fraction that leaves samples on both sides, received 1.5 of 60 samples; use a value between 0 and 1, or more samples");
}

#[test]
fn copies_among_the_samples_for_validation_are_told() {
    let folder = folder();
    let path = folder.path();
    let (x, y) = images(60);
    let (copies, labels) = (x.rows(10, 20).unwrap(), y.rows(10, 20).unwrap());
    let arrays = [("x", &x), ("y", &y), ("x_val", &copies), ("y_val", &labels)];
    npz::write(&path.join("d.npz"), arrays).unwrap();
    let told = train(path, &[]);
    let first = told.lines().next().unwrap();
    insta::assert_snapshot!(first, @"warning: samples for validation copy samples that are trained on: 10 of 10 are equal, 0 of the others are rotated, shifted or zoomed (validation sample 0 is training sample 10); what they measure is too good");
    assert_eq!(train(path, &["-q"]), "");
    let quiet = train(path, &["--data", "digits", "--epochs", "1"]);
    assert!(!quiet.contains("warning"), "{quiet}");
}

#[test]
fn changes_are_text_or_layers_of_keras() {
    let folder = folder();
    let path = folder.path();
    train(path, &[]);
    let plain = weights(&path.join("out.keras"));
    train(path, &["--augment", "shift=0.1,fill=nearest"]);
    let changed = weights(&path.join("out.keras"));
    assert_ne!(changed, plain);
    let layer = serde_json::json!([{"class_name": "RandomTranslation", "config": {
        "height_factor": 0.1, "width_factor": [-0.1, 0.1], "fill_mode": "nearest"}}]);
    fs::write(path.join("a.json"), layer.to_string()).unwrap();
    train(path, &["--augment", "a.json"]);
    assert_eq!(weights(&path.join("out.keras")), changed);
    insta::assert_snapshot!(train(path, &["--augment", "rotate=10"]), @"error: augmentation: step: expected one of rotation, zoom, shift, flip, crop, contrast, brightness, fill, fill_value, interpolation, value_range, data_format, received `rotate`");
    insta::assert_snapshot!(train(path, &["--augment", "b.json"]), @"error: b.json: can't read: No such file or directory (os error 2)");
    fs::write(path.join("b.json"), "[").unwrap();
    insta::assert_snapshot!(train(path, &["--augment", "b.json"]), @"error: b.json: line 1, column 1: expected JSON, received EOF while parsing a list at line 1 column 1; write it with json.dump([keras.layers.serialize(layer), …])");
}

#[test]
fn a_submission_of_one_probability_is_yes_or_no() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let x = Array::from_slice(&[3, 1], &[-2.0_f32, 2.0, 9.0]).unwrap();
    rhyton_data::npy::write(&path.join("x.npy"), &x).unwrap();
    let model = |activation: &str| {
        let dense = Dense::new(1).kernel_initializer("ones").activation(activation);
        let model = Sequential::new().input(&[1]).add(dense).build().unwrap();
        model.save(path.join("m.keras")).unwrap();
    };
    let predict = ["predict", "m.keras", "--input", "x.npy", "--output", "s.csv", "--submission"];
    model("sigmoid");
    rhyton(path, &predict).output();
    assert_eq!(fs::read_to_string(path.join("s.csv")).unwrap(), "ImageId,Label\n1,0\n2,1\n3,1\n");
    model("linear");
    insta::assert_snapshot!(rhyton(path, &predict).error(), @"error: predict: --submission needs one score for each class, or one probability, received single outputs outside 0 to 1; use an .npy or .csv without --submission");
}
