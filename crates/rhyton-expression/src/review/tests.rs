use super::*;

fn review(text: &str) -> Review {
    Expression::parse(text).unwrap().review(&[]).unwrap()
}

#[test]
fn swish_is_as_known() {
    let found = review("x * sigmoid(x)");
    assert!((found.minimum.value + 0.278_464_542_761_073_8).abs() < 1e-12, "{found:?}");
    assert!((found.minimum.at + 1.278_464_5).abs() < 1e-6);
    assert_eq!(found.maximum.value, f64::INFINITY);
    assert_eq!(found.monotone, Monotone::Neither);
    assert!(found.kinks.is_empty() && found.jumps.is_empty() && found.nan.points == 0);
    assert!(found.derivative_check.agrees() && found.derivative_check.points > 500);
    assert_eq!(found.ends[0].limit, Limit::Constant(0.0));
    assert_eq!(found.ends[1].limit, Limit::Linear(1.0));
    // Where sigmoid(x) has few bits left; elsewhere it is below 2.
    assert!(found.value_error.at < -87.0 && found.inaccurate.ranges.len() == 1);
    assert_eq!(found.saturation.len(), 1);
    assert!((found.saturation[0].to + 9.1).abs() < 0.2, "{:?}", found.saturation);
    assert_eq!(found.at_zero, 0.0);
}

#[test]
fn kinks_and_jumps_are_told_with_what_was_chosen() {
    let kinks = |text: &str| -> Vec<[f64; 4]> {
        review(text).kinks.iter().map(|k| [k.at, k.below, k.above, k.chosen]).collect()
    };
    assert_eq!(kinks("relu(x)"), [[0.0, 0.0, 1.0, 0.0]]);
    assert_eq!(kinks("max(0.1x, x)"), [[0.0, 0.1, 1.0, 1.0]]);
    assert_eq!(kinks("clip(x, -1, 1)"), [[-1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]]);
    assert_eq!(kinks("where(x > 0, x, expm1(x))"), [[0.0; 4]; 0]);
    let jumps = review("where(abs(x) > 0.5, x, 0)").jumps;
    assert_eq!(jumps.iter().map(|jump| jump.at).collect::<Vec<_>>(), [-0.5, 0.5]);
    assert_eq!(jumps[0].value, 0.0);
}

#[test]
fn what_float32_gets_wrong_is_told() {
    let naive = review("x / (1 + exp(-x))");
    assert!(naive.infinite.points == 0 && naive.nan.points == 0);
    let overflowing = review("log(1 + exp(x))");
    assert!((overflowing.overflow.ranges[0].from - 88.722_84).abs() < 1e-4, "{overflowing:?}");
    assert_eq!(overflowing.overflow.ranges[0].to, f64::from(f32::MAX));
    let cancelling = review("exp(x) - 1");
    let range = cancelling.inaccurate.ranges[0];
    assert!(range.from < 0.0 && cancelling.value_error.ulp > 1000.0, "{cancelling}");
    let undefined = review("log(x)");
    assert_eq!(undefined.nan.ranges.len(), 1);
    assert!(undefined.nan.ranges[0].to < 0.0 && undefined.nan.ranges[0].to > -1e-44);
    assert_eq!(review("sin(x) / x").nan.ranges, [Range { from: 0.0, to: 0.0 }]);
    assert!((review("exp(x)").infinite.ranges[0].from - 88.722_84).abs() < 1e-4);
}

#[test]
fn halves_are_computed_operation_by_operation() {
    let found = review("x");
    assert_eq!((found.float16.worst.ulp, found.bfloat16.worst.ulp), (0.0, 0.0));
    let overflowing = review("sqrt(x * x)");
    assert!(overflowing.float16.failures > 10_000);
    assert!(review("x * sigmoid(x)").float16.worst.at < -9.0);
}

#[test]
fn bounds_are_attained_or_approached() {
    let bounds = |text: &str| {
        let found = review(text);
        (found.minimum.value, found.minimum.at, found.maximum.value, found.maximum.at)
    };
    let inf = f64::INFINITY;
    assert_eq!(bounds("tanh(x)"), (-1.0, -inf, 1.0, inf));
    assert_eq!(bounds("clip(x, 0, 6)"), (0.0, 0.0, 6.0, 6.0));
    assert_eq!(bounds("sigmoid(x)"), (0.0, -inf, 1.0, inf));
    assert_eq!(bounds("x"), (-inf, -inf, inf, inf));
    assert_eq!(bounds("max(0.1x, x)"), (-inf, -inf, inf, inf));
    assert_eq!(bounds("erf(x)"), (-1.0, -inf, 1.0, inf));
    assert_eq!(bounds("where(x > 0, x, expm1(x))").0, -1.0);
    assert_eq!(bounds("exp(-x * x)").2, 1.0);
    assert_eq!(review("sin(x)").ends[0].limit, Limit::Unknown);
    assert_eq!(review("x / (1 + abs(x))").ends[1].limit, Limit::Constant(1.0));
    assert_eq!(review("log1p(abs(x))").ends[0].limit, Limit::Infinite(inf));
    assert_eq!(review("tanh(x)").monotone, Monotone::Increasing);
    assert_eq!(review("-relu(x)").monotone, Monotone::Decreasing);
}

/// However costly an expression is, its review is bounded and says on how many points it stands.
#[test]
fn the_points_follow_a_budget() {
    for cheap in ["relu(x)", "x * sigmoid(x)", "tanh(x)", "clip(x, 0, 6)"] {
        assert!(review(cheap).points[0] > 1 << 20, "{cheap}");
    }
    // Sines of huge numbers, eight of them: no room for all 16-bit values.
    let waves = review(&(1..9).map(|k| format!("sin({k}x)")).collect::<Vec<_>>().join(" * "));
    assert!((1 << 10..1 << 17).contains(&waves.points[0]), "{:?}", waves.points);
    let layers = "erf(".repeat(30) + "x" + &")".repeat(30);
    let costly = review(&layers);
    assert!(costly.points[0] < 1 << 19);
    assert_eq!(costly, review(&layers));
}

#[test]
fn the_card_is_short() {
    insta::assert_snapshot!(review("x * sigmoid(x)"), @r"
    range             -0.278465 (at -1.27846) to inf
    monotone          no
    at -inf, inf      tends to 0 (NaN at infinity itself); grows like x
    at 0              0
    kinks             none
    saturated         x <= -8.98506 (|f'| < 0.001)
    derivative        agrees with finite differences at 1178 points (greatest deviation 5.5e-13)
    float32           value 51.86 ULP at -103.975, derivative 302.03 ULP at -1.27663 (1185500 and 131074 points)
    above 32 ULP      -104.444 to -91.2038 (227 points)
    float16           8.54 ULP at -17.3438
    bfloat16          41.31 ULP at -93
    ");
    insta::assert_snapshot!(review("log(1 + exp(x)) - where(x > 1, 1, 0)"), @r"
    range             0 (towards -inf) to inf
    monotone          no
    at -inf, inf      tends to 0; grows like x
    at 0              0.693147
    kinks             none
    jumps             x = 1 (1.31326 | 0.313262, there: 1.31326)
    saturated         x <= -6.90675 (|f'| < 0.001)
    derivative        agrees with finite differences at 1157 points (greatest deviation 3.5e-13)
    float32           value 1.67766e7 ULP at -57.5312, derivative 1.96 ULP at -0.00376093 (399100 and 131074 points)
    overflow          x >= 88.7228 (86690 points)
    above 32 ULP      -99.8125 to -4.15625 (6675 points)
    f' NaN, overflow  x >= 88.7228 (31255 points)
    float16           2046.72 ULP at -7.625; NaN or infinite for 12916 inputs
    bfloat16          255.84 ULP at -7.625; NaN or infinite for 15566 inputs
    ");
}
