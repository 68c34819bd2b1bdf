use super::*;

const SWISH: &str = "x * sigmoid(x)";
const GELU: &str = "x * normal_cdf(x)";
const MISH: &str = "x * tanh(softplus(x))";
const ELU: &str = "where(x > 0, x, expm1(x))";

fn signal(text: &str) -> Signal {
    Signal::new(&Expression::parse(text).unwrap(), &[]).unwrap()
}

#[test]
fn gains_are_the_known_ones() {
    for (text, expected) in [
        ("relu(x)", 2.0_f64.sqrt()),
        (SWISH, 1.677),
        (GELU, 1.534),
        (MISH, 1.487),
        (ELU, 1.245),
        ("tanh(x)", 1.593),
        ("x", 1.0),
        ("max(0.1x, x)", (2.0_f64 / 1.01).sqrt()),
    ] {
        let gain = signal(text).gain().unwrap();
        assert!((gain - expected).abs() < 6e-4, "{text}: {gain}");
    }
    let gain = signal("relu(x)").gain().unwrap();
    assert!((gain - 2.0_f64.sqrt()).abs() < 1e-12, "{gain}");
}

#[test]
fn edges_of_chaos_are_the_known_ones() {
    for (text, q, sigma_w, sigma_b) in [
        (SWISH, 1.0, 1.623, 0.250),
        (SWISH, 4.0, 1.464, 0.481),
        (GELU, 1.0, 1.481, 0.259),
        (ELU, 1.0, 1.223, 0.186),
    ] {
        let edge = signal(text).edge_of_chaos(q).unwrap();
        assert!((edge.sigma_w - sigma_w).abs() < 6e-4, "{text}: {edge:?}");
        assert!((edge.sigma_b - sigma_b).abs() < 6e-4, "{text}: {edge:?}");
    }
    for q in [0.01, 1.0, 4.0, 1e6] {
        let edge = signal("relu(x)").edge_of_chaos(q).unwrap();
        assert!((edge.sigma_w - 2.0_f64.sqrt()).abs() < 1e-9 && edge.sigma_b == 0.0, "{edge:?}");
    }
}

/// Integrals known in closed form: E[relu²] = q/2, E[sin²] = (1 − e^(−2q))/2.
#[test]
fn moments_have_nine_digits_at_any_variance() {
    for q in [1e-8, 0.3, 1.0, 50.0, 1e5] {
        let half = signal("where(x > 0, x, 0)").moments(q).unwrap();
        assert!((half.square / q - 0.5).abs() < 1e-9 && (half.slope_square - 0.5).abs() < 1e-9);
    }
    for q in [0.01, 1.0, 4.0, 30.0] {
        let sine = signal("sin(x)").moments(q).unwrap();
        let expected = (1.0 - (-2.0 * q).exp()) / 2.0;
        assert!((sine.square / expected - 1.0).abs() < 1e-8, "{q}: {sine:?}");
        assert!(sine.mean.abs() < 1e-12);
    }
    let shifted = signal("where(x > 0.7, 1, 0)").moments(1.0).unwrap();
    let expected = 0.5 * libm::erfc(0.7 / std::f64::consts::SQRT_2);
    assert!((shifted.mean - expected).abs() < 1e-12);
}

#[test]
fn what_has_no_answer_is_an_error() {
    let message = |result: Result<EdgeOfChaos, Error>| result.unwrap_err().to_string();
    insta::assert_snapshot!(
        message(signal("3").edge_of_chaos(1.0)),
        @"`3` has no initialisation of its own: it is flat"
    );
    insta::assert_snapshot!(
        signal("0 * x").gain().unwrap_err(),
        @"`0 * x` has no initialisation of its own: it is nought"
    );
    insta::assert_snapshot!(
        message(signal("log(x)").edge_of_chaos(1.0)),
        @"`log(x)` has no finite expectation for inputs of variance 1: it is NaN at -11.5"
    );
    insta::assert_snapshot!(
        message(signal("1 / x").edge_of_chaos(1.0)),
        @"`1 / x` has no finite expectation for inputs of variance 1: the integral does not converge"
    );
    insta::assert_snapshot!(
        message(signal("exp(x * x)").edge_of_chaos(1.0)),
        @"`exp(x * x)` has no finite expectation for inputs of variance 1: it grows faster than the density falls"
    );
    insta::assert_snapshot!(
        message(signal("sigmoid(x)").edge_of_chaos(1.0)),
        @"`sigmoid(x)` has no edge of chaos at q = 1: the biases' variance would have to be -5.543; take the plain gain, or another q"
    );
}

fn propagated(text: &str, sigma_w: f64, sigma_b: f64, depth: usize) -> Propagation {
    signal(text).propagation(&Initialization { sigma_w, sigma_b, depth }).unwrap()
}

fn he(text: &str, depth: usize) -> Propagation {
    propagated(text, 2.0_f64.sqrt(), 0.0, depth)
}

#[test]
fn death_is_predicted_where_it_was_measured() {
    // Each row was trained: at chance or not after ten epochs on digits.
    assert_eq!(he(SWISH, 30).verdict, Verdict::Dies);
    assert_eq!(he(SWISH, 5).verdict, Verdict::Passes);
    assert_eq!(he("relu(x)", 30).verdict, Verdict::Passes);
    assert_eq!(he("relu(x)", 50).verdict, Verdict::Passes);
    assert_eq!(propagated("relu(x)", 1.0, 0.0, 40).verdict, Verdict::Dies);
    for (text, q) in [(SWISH, 4.0), (SWISH, 1.0), (GELU, 1.0), (ELU, 1.0), ("tanh(x)", 1.0)] {
        let edge = signal(text).edge_of_chaos(q).unwrap();
        for depth in [30, 50] {
            let there = propagated(text, edge.sigma_w, edge.sigma_b, depth);
            assert_eq!(there.verdict, Verdict::Passes, "{text} {q} {depth}: {there:?}");
        }
    }
}

#[test]
fn relu_keeps_variance_and_gradient() {
    let there = he("relu(x)", 30);
    assert!((there.forward - 1.0).abs() < 1e-6 && (there.gradient - 1.0).abs() < 1e-6);
    assert_eq!(there.layers.len(), 30);
    // The arc-cosine kernel (Cho and Saul 2009): 0.5 becomes (√3/2 + 2π/3 · 1/2) / π.
    let second = there.layers[1].correlation;
    let expected =
        (0.75_f64.sqrt() + 2.0 * std::f64::consts::PI / 3.0 * 0.5) / std::f64::consts::PI;
    assert!((second - expected).abs() < 1e-4, "{second} {expected}");
}

#[test]
fn explosions_are_predicted() {
    assert_eq!(propagated("x", 3.0, 0.0, 30).verdict, Verdict::Explodes);
    assert_eq!(propagated("x * x", 2.0, 0.0, 30).verdict, Verdict::Explodes);
    assert_eq!(he("x", 5).verdict, Verdict::Passes);
    assert_eq!(propagated("x", 0.0, 0.0, 3).verdict, Verdict::Dies);
}
