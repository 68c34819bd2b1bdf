use bench_protocol::{CLASSES, Failure, Options};
use rhyton::{
    Adam, Array, BatchNormalization, Compile, Conv2D, DType, Dense, Flatten, MaxPooling2D, Model,
    Rescaling, Sequential,
};

/// The shape of a network's images, as bytes.
pub(crate) fn shape(network: &str) -> Result<&'static [usize], Failure> {
    match network {
        "blog" => Ok(&[28, 28]),
        "cnn" => Ok(&[28, 28, 1]),
        "resnet" => Ok(&[32, 32, 3]),
        "mobilenet" => Ok(&[224, 224, 3]),
        _ => Err(format!("there is no network `{network}`").into()),
    }
}

/// A network with its training; those that Keras describes are read from its files.
pub(crate) fn network(options: &Options, activation: &str) -> Result<Model, Failure> {
    let name = options.network.as_str();
    let images = Sequential::new()
        .seed(1)
        .input_of(DType::U8, shape(name)?)
        .add(Rescaling::new(1.0 / 255.0));
    let mut model = match name {
        "blog" => head(images, activation).build()?,
        "cnn" => cnn(images, activation)?,
        _ => {
            let path = options.folder.join(format!("{name}-{activation}.keras"));
            if !path.exists() {
                return Err(format!("Keras wrote no {name} with {activation}").into());
            }
            Model::load(&path)?
        }
    };
    let compile = Compile::new()
        .optimizer(Adam::new(1e-3))
        .loss("sparse_categorical_crossentropy")
        .metrics(["accuracy"]);
    model.compile(compile)?;
    Ok(model)
}

fn cnn(images: Sequential, activation: &str) -> Result<Model, Failure> {
    let block = |filters| Conv2D::new(filters, 3).padding("same").activation(activation);
    let body = images
        .add(block(32))
        .add(block(32))
        .add(MaxPooling2D::new(2))
        .add(block(64))
        .add(block(64))
        .add(MaxPooling2D::new(2));
    Ok(head(body, activation).build()?)
}

fn head(body: Sequential, activation: &str) -> Sequential {
    body.add(Flatten::new())
        .add(Dense::new(256).activation(activation))
        .add(Dense::new(100).activation(activation))
        .add(BatchNormalization::new())
        .add(Dense::new(CLASSES).activation("softmax"))
}

/// All images as bytes, and their labels.
pub(crate) fn data(options: &Options) -> Result<(Array, Array), Failure> {
    let shape = shape(&options.network)?;
    let (images, labels) = options.data(shape.iter().product())?;
    let sizes: Vec<usize> = [options.images].into_iter().chain(shape.iter().copied()).collect();
    Ok((Array::from_slice(&sizes, &images)?, Array::from_slice(&[options.images], &labels)?))
}
