//! Times the review of expressions: `cargo run --release --example review_times -p
//! rhyton-expression -- [TEXT…]`; without texts, the built-in elementwise activations of Keras and
//! further functions as users write them. Milliseconds of 25 runs; the least is what the machine does
//! undisturbed.
#![allow(clippy::print_stdout, reason = "an example speaks to a person")]

use std::error::Error;
use std::time::Instant;

use rhyton_expression::Expression;

#[path = "../tests/it/catalogue.rs"]
mod catalogue;

const RUNS: usize = 25;

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let rows: Vec<(&str, &str)> = if given.is_empty() {
        catalogue::CATALOGUE.iter().map(|(name, text, _)| (*name, *text)).collect()
    } else {
        given.iter().map(|text| (text.as_str(), text.as_str())).collect()
    };
    println!("{:>8} {:>8} {:>9} {:>9}  expression", "least", "median", "points", "of f'");
    for (name, text) in rows {
        let expression = Expression::parse(text).map_err(|error| error.render())?;
        let mut points = [0; 2];
        let mut times = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            let start = Instant::now();
            points = expression.review(&[])?.points;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let [value, slope] = points;
        println!("{:8.2} {:8.2} {value:9} {slope:9}  {name}", times[0], times[RUNS / 2]);
    }
    Ok(())
}
