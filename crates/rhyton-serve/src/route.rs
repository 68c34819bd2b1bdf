use axum::http::Method;

use crate::failure::Failure;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Whether the process runs.
    Live,
    /// Whether requests are taken.
    Ready,
    /// The state of a model's versions.
    Status(Which),
    /// The signature of a model.
    Metadata(Which),
    /// Outputs for inputs.
    Predict(Which),
}

/// Which version of which model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) name: String,
    /// The version asked for; the highest if none.
    pub(crate) version: Option<u64>,
}

const MODELS: &str = "/v1/models";

/// The route of a request, by the regular expressions of TensorFlow Serving, which do not tell
/// letters' case.
pub(crate) fn route(method: &Method, path: &str) -> Result<Route, Failure> {
    match (method, path) {
        (&Method::GET | &Method::HEAD, "/v2/health/live") => return Ok(Route::Live),
        (&Method::GET | &Method::HEAD, "/v2/health/ready") => return Ok(Route::Ready),
        _ => {}
    }
    let malformed = || {
        let path = crate::failure::excerpt(path);
        Failure::invalid(format!("Malformed request: {method} {path}"))
    };
    if strip(path, "/v1/").is_none() {
        return Err(Failure::not_found(format!("Nothing is at {}", crate::failure::excerpt(path))));
    }
    let rest = strip(path, MODELS).ok_or_else(malformed)?;
    if *method == Method::POST {
        let (model, verb) = rest.rsplit_once(':').ok_or_else(malformed)?;
        let verb = verb.to_ascii_lowercase();
        let which = which(model, &malformed)?;
        return match verb.as_str() {
            "predict" => Ok(Route::Predict(which)),
            "classify" | "regress" => Err(Failure::invalid(format!(
                "Expected {verb} signature method_name to be tensorflow/serving/{verb}. Was: \
                 tensorflow/serving/predict"
            ))),
            _ => Err(malformed()),
        };
    }
    if *method != Method::GET && *method != Method::HEAD {
        return Err(malformed());
    }
    if rest.is_empty() {
        return Err(Failure::invalid("Missing model name in request."));
    }
    match strip_end(rest, "/metadata") {
        Some(model) => Ok(Route::Metadata(which(model, &malformed)?)),
        None => Ok(Route::Status(which(rest, &malformed)?)),
    }
}

/// `/NAME`, `/NAME/versions/N` or `/NAME/labels/L`.
fn which(rest: &str, malformed: &dyn Fn() -> Failure) -> Result<Which, Failure> {
    let mut parts = rest.strip_prefix('/').ok_or_else(malformed)?.split('/');
    let name = parts.next().filter(|name| !name.is_empty() && !name.contains(':'));
    let name = decoded(name.ok_or_else(malformed)?)
        .ok_or_else(|| Failure::invalid("Failed to decode model name"))?;
    let Some(kind) = parts.next() else { return Ok(Which { name, version: None }) };
    let value = parts.next().filter(|value| !value.is_empty() && !value.contains(':'));
    let value = value.ok_or_else(malformed)?;
    if parts.next().is_some() {
        return Err(malformed());
    }
    match kind.to_ascii_lowercase().as_str() {
        "versions" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
            let version = value.parse::<i64>().map_err(|_error| {
                let value = crate::failure::excerpt(value);
                Failure::invalid(format!("Failed to convert version: {value} to numeric."))
            })?;
            // OpenVINO's client says 0 where none is asked for.
            Ok(Which { name, version: Some(version.unsigned_abs()).filter(|&version| version > 0) })
        }
        "labels" => {
            let label = decoded(value)
                .ok_or_else(|| Failure::invalid("Failed to decode model version label"))?;
            let label = crate::failure::excerpt(&label);
            Err(Failure::invalid(format!("Unrecognized servable version label: {label}")))
        }
        _ => Err(malformed()),
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn strip_end<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    let end = text.get(at..)?;
    end.eq_ignore_ascii_case(suffix).then(|| &text[..at])
}

/// A part of a path with its `%` escapes resolved; `None` for one that is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| byte == b'%').and_then(hexadecimal);
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits.iter().try_fold(0, |value, &byte| Some(value * 16 + digit(byte)? as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &Method, path: &str) -> Result<Route, (u16, String)> {
        route(method, path).map_err(|failure| (failure.status.as_u16(), failure.message))
    }

    fn which(name: &str, version: Option<u64>) -> Which {
        Which { name: name.to_owned(), version }
    }

    #[test]
    fn addresses_name_models_and_versions() {
        let (get, post) = (Method::GET, Method::POST);
        let both = Some(7);
        assert_eq!(of(&get, "/v1/models/a"), Ok(Route::Status(which("a", None))));
        assert_eq!(of(&get, "/V1/Models/a/Versions/7"), Ok(Route::Status(which("a", both))));
        assert_eq!(of(&get, "/v1/models/a/versions/0"), Ok(Route::Status(which("a", None))));
        assert_eq!(of(&get, "/v1/models/a/metadata"), Ok(Route::Metadata(which("a", None))));
        assert_eq!(
            of(&get, "/v1/models/a/versions/7/metadata"),
            Ok(Route::Metadata(which("a", both)))
        );
        assert_eq!(of(&post, "/v1/models/a%20b:predict"), Ok(Route::Predict(which("a b", None))));
        assert_eq!(
            of(&post, "/v1/models/a/versions/7:PREDICT"),
            Ok(Route::Predict(which("a", both)))
        );
        assert_eq!(of(&get, "/v2/health/live"), Ok(Route::Live));
        assert_eq!(of(&Method::HEAD, "/v2/health/ready"), Ok(Route::Ready));
    }

    #[test]
    fn other_addresses_are_refused() {
        let cases = [
            (Method::GET, "/"),
            (Method::GET, "/v1/"),
            (Method::GET, "/v1/models"),
            (Method::GET, "/v1/models/"),
            (Method::GET, "/v1/models/a:b"),
            (Method::GET, "/v1/models/a/versions/x"),
            (Method::GET, "/v1/models/a/versions/18446744073709551616"),
            (Method::GET, "/v1/models/a/labels/stable"),
            (Method::GET, "/v1/models/a/../b/versions/1"),
            (Method::GET, "/v1/models/%ff"),
            (Method::POST, "/v1/models/a"),
            (Method::POST, "/v1/models/a:train"),
            (Method::POST, "/v1/models/a:classify"),
            (Method::POST, "/v1/models/a/versions/1/2:predict"),
            (Method::PUT, "/v1/models/a:predict"),
            (Method::GET, "/v1é"),
        ];
        let lines = cases.map(|(method, path)| {
            let (status, message) = of(&method, path).unwrap_err();
            format!("{method} {path}: {status} {message}")
        });
        insta::assert_snapshot!(lines.join("\n"));
    }
}
