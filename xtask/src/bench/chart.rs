use std::fmt::Write as _;

use super::cases::Case;
use super::results::{Cell, Results};
use super::rivals::{OURS, RIVALS};

const WIDTH: usize = 800;
const NAMES: usize = 230;
/// Room for figures behind the bars.
const FIGURES: usize = 150;
const BAR: usize = 16;
const TITLE: usize = 34;

/// Light and dark as the reader's system is.
const STYLE: &str = "\
  .ground { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #1f2328 }\n\
  .title { font-weight: 600; font-size: 13px } .note { fill: #59636e }\n\
  .ours { fill: #c4501b } .rival { fill: #8c959f }\n\
  @media (prefers-color-scheme: dark) {\n\
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 }\n\
    .ours { fill: #f0883e } .rival { fill: #57606a }\n\
  }\n";

/// Bars of speed (or smallness) against the fastest, for the cases that are charted; with swish, or the
/// one activation that there is.
pub(crate) fn svg(results: &Results, cases: &[&Case]) -> String {
    let mut body = String::new();
    let mut y = 12;
    for case in cases.iter().filter(|case| case.charted) {
        y = group(&mut body, results, case, y);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" \
         viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" aria-label=\"Speed against rivals\">\n<style>\n{STYLE}\
         </style>\n<rect class=\"ground\" width=\"{WIDTH}\" height=\"{y}\"/>\n{body}</svg>\n"
    )
}

/// One case from `y` on; gives where it ends.
fn group(body: &mut String, results: &Results, case: &Case, y: usize) -> usize {
    let activation =
        if case.activations.contains(&"swish") { "swish" } else { case.activations[0] };
    let rows: Vec<(&str, &str, f64)> = std::iter::once(&OURS)
        .chain(RIVALS)
        .filter_map(|rival| {
            let value = results.cell(case, rival, activation)?.value()?;
            let class = if rival.key == OURS.key { "ours" } else { "rival" };
            Some((rival.name, class, value))
        })
        .collect();
    let Some(best) = rows.iter().map(|row| row.2).min_by(f64::total_cmp) else { return y };
    let ours = results.cell(case, &OURS, activation).and_then(Cell::value);
    let unit = case.unit.name();
    let title = y + 16;
    let _ = writeln!(
        body,
        "<text class=\"title\" x=\"12\" y=\"{title}\">{} <tspan class=\"note\">({activation}, {unit})\
         </tspan></text>",
        escaped(case.title)
    );
    let mut y = y + TITLE - 8;
    for (name, class, value) in rows {
        let room = (WIDTH - NAMES - FIGURES) as f64;
        let length = (room * best / value).max(1.0);
        let (text, end) = (y + BAR - 4, NAMES as f64 + length + 6.0);
        let ratio = match ours {
            Some(ours) if class == "rival" => format!(" · {:.2}×", value / ours),
            _ => String::new(),
        };
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{NAMES}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\" rx=\"2\"/>\
             <text class=\"note\" x=\"{end:.1}\" y=\"{text}\">{}{ratio}</text>",
            NAMES - 8,
            escaped(name),
            BAR - 4,
            case.unit.show(value)
        );
        y += BAR;
    }
    y + 14
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::cases::CASES;
    use super::super::process::{Answer, Measured};
    use super::*;

    #[test]
    fn the_fastest_has_the_longest_bar() {
        let mut results = Results::new(1, 2, String::new());
        for (rival, seconds) in [(&OURS, 1e-5), (&RIVALS[0], 2e-5)] {
            let measured = Measured { seconds: vec![seconds], ..Measured::default() };
            let measured = [("swish".to_owned(), measured)].into();
            results.add(&CASES[0], rival, &["swish"], Answer { measured, ..Answer::default() });
        }
        let chart = svg(&results, &[&CASES[0]]);
        assert!(chart.contains("class=\"ours\" x=\"230\" y=\"38\" width=\"420.0\""), "{chart}");
        assert!(chart.contains("width=\"210.0\""));
        assert!(chart.contains("50,000 · 2.00×"));
    }
}
