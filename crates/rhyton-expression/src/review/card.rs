use std::fmt::{self, Display, Formatter};

use super::{Bound, End, Half, Inputs, Jump, Kink, Limit, Monotone, Range, Review, Worst};

/// What is listed of kinks, jumps and zones; the rest is counted.
const LISTED_MAX: usize = 6;

/// The card that people read: one line for each finding, no line for what is not there.
impl Display for Review {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kinks = list(&self.kinks, |kink: &Kink| {
            let Kink { at, below, above, chosen } = *kink;
            let (at, below, above) = (short(at), short(below), short(above));
            format!("x = {at} (f' {below} | {above}, taken: {})", short(chosen))
        });
        let jumps = list(&self.jumps, |jump: &Jump| {
            let Jump { at, below, above, value } = *jump;
            let (at, below, above) = (short(at), short(below), short(above));
            format!("x = {at} ({below} | {above}, there: {})", short(value))
        });
        let zones = list(&self.saturation, range);
        let more = if self.more_kinks { " and more" } else { "" };
        let check = &self.derivative_check;
        let verdict = if check.agrees() { "agrees with" } else { "DEVIATES from" };
        let [low, high] = &self.ends;
        let [values, slopes] = self.points;
        let lines = [
            ("range", format!("{} to {}", bound(&self.minimum), bound(&self.maximum))),
            ("monotone", monotone(self.monotone).to_owned()),
            ("at -inf, inf", format!("{}; {}", end(low), end(high))),
            ("at 0", short(self.at_zero)),
            ("kinks", kinks.map_or("none".to_owned(), |text| text + more)),
            ("jumps", jumps.unwrap_or_default()),
            ("saturated", zones.map(|text| format!("{text} (|f'| < 0.001)")).unwrap_or_default()),
            (
                "derivative",
                format!(
                    "{verdict} finite differences at {} points (greatest deviation {:.1e}{})",
                    check.points,
                    check.deviation,
                    if check.agrees() { String::new() } else { format!(" at {}", short(check.at)) }
                ),
            ),
            (
                "float32",
                format!(
                    "value {}, derivative {} ({values} and {slopes} points)",
                    worst(&self.value_error),
                    worst(&self.derivative_error)
                ),
            ),
            ("NaN", inputs(&self.nan)),
            ("overflow", inputs(&self.overflow)),
            ("beyond float32", inputs(&self.infinite)),
            ("above 32 ULP", inputs(&self.inaccurate)),
            ("f' NaN, overflow", inputs(&self.derivative_failures)),
            ("float16", half(&self.float16)),
            ("bfloat16", half(&self.bfloat16)),
        ];
        for (name, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            writeln!(f, "{name:<17} {text}")?;
        }
        Ok(())
    }
}

/// Six digits at most.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{}", value + 0.0);
    }
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if (1e-4..1e7).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> Option<String> {
    let texts: Vec<String> = items.iter().take(LISTED_MAX).map(text).collect();
    let more = match items.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    (!items.is_empty()).then(|| texts.join(", ") + &more)
}

fn range(Range { from, to }: &Range) -> String {
    let ends = f64::from(f32::MAX);
    match (*from <= -ends, *to >= ends) {
        (true, true) => "everywhere".to_owned(),
        (true, false) => format!("x <= {}", short(*to)),
        (false, true) => format!("x >= {}", short(*from)),
        _ if from == to => format!("x = {}", short(*from)),
        _ => format!("{} to {}", short(*from), short(*to)),
    }
}

fn inputs(inputs: &Inputs) -> String {
    match list(&inputs.ranges, range) {
        Some(text) => format!("{text} ({} points)", inputs.points),
        None => String::new(),
    }
}

fn bound(Bound { value, at }: &Bound) -> String {
    if value.is_infinite() || at.is_nan() {
        short(*value)
    } else if at.is_infinite() {
        format!("{} (towards {at})", short(*value))
    } else {
        format!("{} (at {})", short(*value), short(*at))
    }
}

fn monotone(kind: Monotone) -> &'static str {
    match kind {
        Monotone::Increasing => "increasing",
        Monotone::Decreasing => "decreasing",
        Monotone::Constant => "constant",
        Monotone::Neither => "no",
    }
}

fn end(end: &End) -> String {
    let limit = match end.limit {
        Limit::Constant(value) => format!("tends to {}", short(value)),
        Limit::Linear(1.0) => "grows like x".to_owned(),
        Limit::Linear(slope) => format!("grows like {} x", short(slope)),
        Limit::Infinite(value) => format!("tends to {value}"),
        Limit::Undefined => "NaN".to_owned(),
        Limit::Unknown => "no limit".to_owned(),
    };
    if end.value.is_nan() && end.limit != Limit::Undefined {
        format!("{limit} (NaN at infinity itself)")
    } else {
        limit
    }
}

fn worst(Worst { ulp, at }: &Worst) -> String {
    format!("{} ULP at {}", short((ulp * 100.0).round() / 100.0), short(*at))
}

fn half(half: &Half) -> String {
    let text = worst(&half.worst);
    match half.failures {
        0 => text,
        failures => format!("{text}; NaN or infinite for {failures} inputs"),
    }
}
