use super::*;
use crate::syntax::Variable;

fn canonical(text: &str) -> String {
    match Expression::parse(text) {
        Ok(expression) => expression.to_string(),
        Err(error) => panic!("{}", error.render()),
    }
}

fn refused(text: &str) -> String {
    Expression::parse(text).expect_err("must be refused").render()
}

#[test]
fn pasted_notations_mean_what_their_writers_meant() {
    for (text, expected) in [
        ("max(0.1x, x)", "max(0.1 * x, x)"),
        ("𝛼(exp(x) - 1) if x < 0 else x", "where(x < 0, alpha * (exp(x) - 1), x)"),
        ("x * sigmoid(𝛽 * x)", "x * sigmoid(beta * x)"),
        ("2(x+1)", "2 * (x + 1)"),
        ("(x+1)(x-1)", "(x + 1) * (x - 1)"),
        ("x·σ(βx)", "x * sigmoid(beta * x)"),
        ("2πx + αβx + β₁𝑥", "2 * pi * x + alpha * beta * x + beta1 * x"),
        ("θ_max * x", "theta_max * x"),
        ("1_000x + 1_0.2_5", "1000 * x + 10.25"),
        ("where((x < -1) | (x > 1) || (x == 0), x, 0)", "where(x < -1 or x > 1 or x == 0, x, 0)"),
        ("where(x > 0, True, False)", "where(x > 0, 1, 0)"),
        ("x·σ(β·x)", "x * sigmoid(beta * x)"),
        ("-x^2", "-x ^ 2"),
        ("-x**2", "-x ^ 2"),
        ("(-x)^2", "(-x) ^ 2"),
        ("2^-x", "2 ^ -x"),
        ("x^2^3", "x ^ 2 ^ 3"),
        ("|x|", "abs(x)"),
        ("x/(1+|x|)", "x / (1 + abs(x))"),
        ("||x|-1|", "abs(abs(x) - 1)"),
        ("½x(1+erf(x/√2))", "0.5 * x * (1 + erf(x / sqrt(2)))"),
        ("x·Φ(x)", "x * (0.5 * erfc(-x * 0.7071067811865476))"),
        ("(x + √(x²+b))/2", "(x + sqrt(x ^ 2 + b)) / 2"),
        ("x⁻¹", "x ^ -1"),
        ("1/(1+e^-x)", "1 / (1 + exp(-x))"),
        ("np.maximum(0, x)", "max(0, x)"),
        ("tf.nn.relu(x) ", "relu(x)"),
        ("keras.activations.sigmoid(x);", "sigmoid(x)"),
        ("return K.sigmoid(self.beta * x) * x", "sigmoid(beta * x) * x"),
        ("lambda x: x * math.exp(-x)", "x * exp(-x)"),
        ("lambda z: np.where(z > 0, z, 0)", "where(x > 0, x, 0)"),
        ("def swish(x, beta=1.0):\n    return x * K.sigmoid(beta * x)", "x * sigmoid(beta * x)"),
        ("swish = lambda x: x*sigmoid(x)", "x * sigmoid(x)"),
        ("y = x − 1", "x - 1"),
        ("x * (x > 0)", "x * where(x > 0, 1, 0)"),
        ("x if 0 < x <= 6 else 0", "where(0 < x and x <= 6, x, 0)"),
        ("where(x>1 or x<-1 and not x==2, 1, 0)", "where(x > 1 or x < -1 and not x == 2, 1, 0)"),
        ("clip(x/6 + 0.5, 0, 1)", "min(max(x / 6 + 0.5, 0), 1)"),
        ("max(x, 0, 1)", "max(max(x, 0), 1)"),
        ("t = sigmoid(beta * x); x * t", "t = sigmoid(beta * x); x * t"),
        ("t = tanh(x)  # inner\nu = t + 1\n\nt * u", "t = tanh(x); u = t + 1; t * u"),
        ("x *\n  sigmoid(\nx)\n * 2", "x * sigmoid(x) * 2"),
        ("a - (b - x) - 1", "a - (b - x) - 1"),
        ("1e-7 + 1.5e300x + pi", "1e-7 + 1.5e300 * x + pi"),
        ("a if x > 0 else b if x < -1 else c", "where(x > 0, a, where(x < -1, b, c))"),
        ("0x", "0 * x"),
        ("x > 0", "where(x > 0, 1, 0)"),
        ("x^a(x)^2", "refused"),
        ("1/βx", "refused"),
        ("σx", "refused"),
        ("x > 0 ? x : 0", "refused"),
        ("x * NaN", "refused"),
    ] {
        if expected == "refused" {
            refused(text);
            continue;
        }
        let printed = canonical(text);
        assert_eq!(printed, expected, "{text}");
        assert_eq!(canonical(&printed), printed, "{text}");
    }
}

#[test]
fn signatures_give_names_and_defaults() {
    let parsed = Expression::parse("swish(x, β=1.5, γ) = γ*x*sigmoid(β*x)").unwrap();
    assert_eq!(parsed.name(), Some("swish"));
    assert_eq!(
        parsed.definition("swish"),
        "swish(x, beta=1.5, gamma=1) = gamma * x * sigmoid(beta * x)"
    );
    assert_eq!(Expression::parse(&parsed.definition("swish")).unwrap(), parsed);
    let declared = Context { parameters: &[("slope", 0.2)], ..Context::default() };
    let parsed = Expression::parse_in("max(slope(x), x)", &declared).unwrap();
    assert_eq!(parsed.parameters()[0].default, 0.2);
    assert_eq!(parsed.new_names().count(), 0);
    assert_eq!(parsed.evaluate(-1.0, &[]), -0.2);
    assert_eq!(parsed.evaluate(-1.0, &[0.5]), -0.5);
}

#[test]
fn suspicious_texts_are_reported() {
    let warnings = |text: &str| -> Vec<String> {
        let parsed = Expression::parse(text).unwrap();
        parsed.warnings().iter().map(ToString::to_string).collect()
    };
    assert_eq!(warnings("x * sigmoid(beta * x) + alpha1 * a + w_0"), Vec::<String>::new());
    assert_eq!(warnings("slop * x + slop"), ["`slop` is taken as a new parameter with default 1"]);
    assert_eq!(
        warnings("x * sigmoid(bata * x)"),
        ["`bata` is taken as a new parameter with default 1; if `beta` was meant, correct it"]
    );
    assert_eq!(warnings("x + x2"), ["`x2` is taken as a new parameter with default 1"]);
    assert_eq!(warnings("x + _000"), ["`_000` is taken as a new parameter with default 1"]);
    assert_eq!(warnings("t = x + 1; x"), ["`t` is never used"]);
    assert_eq!(warnings("3"), ["the value does not depend on `x`"]);
}

#[test]
fn registered_names_are_inlined_with_hygiene() {
    let mut vocabulary = Vocabulary::default();
    let swish = Expression::parse("swish(x, beta=1) = t = sigmoid(beta * x); x * t").unwrap();
    vocabulary.insert("swish", swish);
    vocabulary.insert_builtin(
        "relu",
        Expression::parse("relu(x, negative_slope=0) = where(x > 0, x, negative_slope * x)")
            .unwrap(),
    );
    vocabulary.insert_opaque("softmax", "it works over an axis");
    let context = Context { vocabulary: Some(&vocabulary), ..Context::default() };
    let canonical = |text: &str| Expression::parse_in(text, &context).unwrap().to_string();
    assert_eq!(canonical("swish(x) + 0.1*x"), "x * sigmoid(x) + 0.1 * x");
    assert_eq!(canonical("swish(x, 2)"), "x * sigmoid(2 * x)");
    assert_eq!(canonical("swish(x, beta=2)"), "x * sigmoid(2 * x)");
    assert_eq!(canonical("swish(beta=2)"), "x * sigmoid(2 * x)");
    assert_eq!(canonical("beta * swish(x)"), "beta * (x * sigmoid(x))");
    assert_eq!(canonical("swish(t, beta=alpha)"), "t * sigmoid(alpha * t)");
    assert_eq!(canonical("relu(x)"), "relu(x)");
    assert_eq!(canonical("relu(x, 0.1)"), "where(x > 0, x, 0.1 * x)");
    let error = |text: &str| Expression::parse_in(text, &context).unwrap_err().to_string();
    assert_eq!(
        error("softmax(x)"),
        "`softmax` can't be used in an expression: it works over an axis (column 1)"
    );
    assert_eq!(
        error("swish(x, gamma=2)"),
        "`swish` has no free parameter `gamma`; it has `beta` (column 10)"
    );
    assert_eq!(error("swish(x, 1, 2)"), "`swish` takes 1 to 2 arguments, received 3 (column 1)");
    assert_eq!(error("x * swich(x)"), "unknown function `swich` (column 5); did you mean `swish`?");
    assert_eq!(error("swish + x"), "`swish` is a function (column 1); call it: `swish(x)`");
    // Nested calls share their parts instead of doubling the text at each level.
    let nested = canonical("swish(swish(swish(swish(swish(swish(swish(x)))))))");
    assert!(nested.len() < 500, "{nested}");
}

#[test]
fn errors_point_at_the_place() {
    insta::assert_snapshot!(refused("x * sigmod(x)"), @r"
    unknown function `sigmod`
      x * sigmod(x)
          ^^^^^^
      did you mean `sigmoid`?
    ");
    insta::assert_snapshot!(refused("t = tanh(x)\nx *"), @r"
    expected a number, a name or `(`, received the end of the text
      x *
         ^
    ");
    insta::assert_snapshot!(refused("1/2x"), @r"
    `2x` without `*` can be read in two ways
      1/2x
        ^^
      write `*` and say with parentheses what belongs to `/`
    ");
    insta::assert_snapshot!(refused("beta x"), @r"
    an operator is missing before `x`
      beta x
           ^
      write the product with `*`
    ");
    insta::assert_snapshot!(refused("where(x, 1, 0)"), @r"
    expected a condition such as `x > 0`, received a number
      where(x, 1, 0)
            ^
      compare it: `x != 0`
    ");
    insta::assert_snapshot!(refused("x if x = 0 else 1"), @r"
    expected a comparison, received `=`
      x if x = 0 else 1
             ^
      compare with `==`; bindings `name = …` stand at the beginning
    ");
    insta::assert_snapshot!(refused("β·x $ 2"), @r"
    unexpected character `$`
      β·x $ 2
          ^
    ");
    insta::assert_snapshot!(refused("max(x)"), @r"
    `max` takes 2 or more arguments, received 1
      max(x)
      ^^^
    ");
    insta::assert_snapshot!(refused("exp = 2; exp * x"), @r"
    `exp` has a meaning of its own and can't name a binding or a parameter
      exp = 2; exp * x
      ^^^
    ");
    insta::assert_snapshot!(refused("x + 1\n-x"), @r"
    only the last line is the value; the lines before it are bindings `name = …`
      x + 1
      ^^^^^
    ");
}

#[test]
fn bounds_hold() {
    let deep = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
    assert!(Expression::parse(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(Expression::parse(&deep(MAX_DEPTH + 1)).unwrap_err().kind, ParseErrorKind::TooDeep);
    for opener in ["-", "not ", "√", "|", "exp(", "x^", "0 if x>0 else ", "max(x,"] {
        assert!(Expression::parse(&opener.repeat(MAX_LENGTH / opener.len())).is_err());
    }
    let long = format!("x{}", "+1".repeat(MAX_LENGTH));
    assert!(matches!(Expression::parse(&long).unwrap_err().kind, ParseErrorKind::TooLong(_)));
    let terms = |n: usize| "+x".repeat(n);
    assert!(Expression::parse(&terms(MAX_NODES - 10)).is_ok());
    let error = Expression::parse(&terms(MAX_NODES + 1)).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::TooLarge);
    // Doubling at every level: 2^60 nodes as a tree.
    let mut vocabulary = Vocabulary::default();
    vocabulary.insert("f", Expression::parse("x * tanh(x + x)").unwrap());
    let context = Context { vocabulary: Some(&vocabulary), ..Context::default() };
    let nested = format!("{}x{}", "f(".repeat(60), ")".repeat(60));
    let parsed = Expression::parse_in(&nested, &context).unwrap();
    assert!(parsed.to_string().len() < MAX_LENGTH);
    assert!(parsed.derivative(Variable::Input).unwrap().nodes().len() < 1000);
}
