//! Prints what goldens and pages are made of: `cargo run -p rhyton-conformance --example catalogue`
//! gives the catalogue with all cases as JSON, with `support` behind it the page of support.
#![allow(clippy::print_stdout, reason = "a command talks to its terminal")]

use rhyton_conformance::{catalogue, support_page, to_json};

const NAMES: &str = include_str!("../goldens/keras_names.json");

fn main() -> Result<(), serde_json::Error> {
    let shelves = catalogue();
    if std::env::args().nth(1).as_deref() == Some("support") {
        print!("{}", support_page(NAMES, &shelves)?);
    } else {
        println!("{}", to_json(&shelves));
    }
    Ok(())
}
