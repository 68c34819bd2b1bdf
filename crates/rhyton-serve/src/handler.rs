use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rhyton::{Array, Predict};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::body::{Answer, Budget, Held};
use crate::failure::Failure;
use crate::limits::{ARRAYS_BYTES_MAX, BATCH_SIZE, Limits};
use crate::models::{Models, Served};
use crate::route::{Route, Which, route};
use crate::{body, describe, request, response};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    models: Models,
    pub(crate) limits: Limits,
    budget: Budget,
    /// Predictions that are accepted.
    accepted: Arc<Semaphore>,
    /// Predictions that are computed.
    computed: Arc<Semaphore>,
    /// Whether the server has been told to stop.
    pub(crate) stopping: AtomicBool,
}

impl App {
    pub(crate) fn new(models: Models, limits: Limits, threads: usize) -> Self {
        Self {
            models,
            budget: Budget::new(limits.body_bytes_max),
            accepted: Arc::new(Semaphore::new(limits.requests_max.min(Semaphore::MAX_PERMITS))),
            computed: Arc::new(Semaphore::new(threads)),
            stopping: AtomicBool::new(false),
            limits,
        }
    }

    pub(crate) fn models(&self) -> &Models {
        &self.models
    }
}

/// Every address goes through one function, since TensorFlow Serving's are no paths of a tree.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().fallback(handle).with_state(app)
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, mut body) = request.into_parts();
    let answered = answer(&app, &parts, &mut body).await;
    let mut close = app.stopping.load(Ordering::Relaxed);
    if let Err(failure) = &answered {
        // A client that is still sending would miss the answer if the connection just ended.
        close |= failure.status == StatusCode::REQUEST_TIMEOUT
            || !body::discard(body, &app.limits).await
            || failure.status == StatusCode::PAYLOAD_TOO_LARGE;
    }
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    if close {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn answer(app: &Arc<App>, parts: &Parts, body: &mut Body) -> Result<Response, Failure> {
    match route(&parts.method, parts.uri.path())? {
        Route::Live => Ok(json(StatusCode::OK, "{\"live\":true}".to_owned())),
        Route::Ready => {
            let ready = !app.stopping.load(Ordering::Relaxed);
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            Ok(json(status, format!("{{\"ready\":{ready}}}")))
        }
        Route::Status(which) => {
            let found = find(app, &which).ok_or_else(|| {
                let name = crate::failure::excerpt(&which.name);
                Failure::not_found(match which.version {
                    Some(version) => format!("Could not find version {version} of model {name}"),
                    None => format!("Could not find any versions of model {name}"),
                })
            })?;
            Ok(json(StatusCode::OK, describe::status(found)))
        }
        Route::Metadata(which) => {
            let found = find(app, &which).ok_or_else(|| no_servable(&which))?;
            Ok(json(StatusCode::OK, describe::metadata(found)))
        }
        Route::Predict(which) => {
            find(app, &which).ok_or_else(|| no_servable(&which))?;
            predict(app, which, &parts.headers, body).await
        }
    }
}

fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], Body::from(text)).into_response()
}

fn find<'a>(app: &'a App, which: &Which) -> Option<&'a Served> {
    let served = app.models.get(&which.name)?;
    which.version.is_none_or(|version| version == served.version).then_some(served)
}

fn no_servable(which: &Which) -> Failure {
    let name = crate::failure::excerpt(&which.name);
    Failure::not_found(match which.version {
        Some(version) => format!("Servable not found for request: Specific({name}, {version})"),
        None => format!("Servable not found for request: Latest({name})"),
    })
}

/// Says to a running prediction that nobody waits for it any more.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn predict(
    app: &Arc<App>,
    which: Which,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Response, Failure> {
    let accepted = Arc::clone(&app.accepted).try_acquire_owned();
    let accepted =
        accepted.map_err(|_error| Failure::busy("Too many requests; try again later"))?;
    let deadline = Instant::now() + app.limits.timeout;
    let reading = body::read(headers, body, app.limits.body_bytes_max, &app.budget);
    let held = timeout_at(deadline, reading).await.map_err(|_elapsed| {
        Failure::new(StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time")
    })??;
    let late =
        || Failure::new(StatusCode::GATEWAY_TIMEOUT, "Timed out before the prediction ended");
    let computed = timeout_at(deadline, Arc::clone(&app.computed).acquire_owned()).await;
    let computed = computed.map_err(|_elapsed| late())?;
    // When the client goes away this future is dropped, and the flag with it.
    let cancel = CancelOnDrop(Arc::new(AtomicBool::new(false)));
    let (shared, flag) = (Arc::clone(app), Arc::clone(&cancel.0));
    let job = tokio::task::spawn_blocking(move || {
        let _computed = computed;
        compute(&shared, &which, held, flag)
    });
    let text = timeout_at(deadline, job).await.map_err(|_elapsed| late())?;
    let text = text.map_err(|_error| {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The prediction failed inside the server")
    })??;
    let share = app.budget.take(text.len())?;
    let answer = Answer::new(text, [accepted, share]);
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::OK, json, Body::new(answer)).into_response())
}

/// Body to answer; this is where the time goes.
fn compute(
    app: &App,
    which: &Which,
    mut held: Held,
    cancel: Arc<AtomicBool>,
) -> Result<String, Failure> {
    let served = find(app, which).ok_or_else(|| no_servable(which))?;
    let body = held.inflated()?;
    let (format, inputs) = request::read(&body, &served.inputs)?;
    drop((body, held));
    check_size(served, &inputs)?;
    let options = Predict::new().batch_size(BATCH_SIZE).cancel(cancel);
    let outputs = served.model.predict(&inputs, options).map_err(|error| refusal(&error))?;
    let names = served.outputs.iter().map(|output| output.name.as_str());
    response::write(format, &names.zip(outputs).collect::<Vec<_>>())
}

/// Refuses samples whose inputs and outputs would take too much memory.
fn check_size(served: &Served, inputs: &[Array]) -> Result<(), Failure> {
    let rows = inputs.first().and_then(|input| input.shape().first().copied()).unwrap_or(0);
    if rows == 0 {
        return Err(Failure::invalid(
            "Expected at least one sample along the first axis, received none",
        ));
    }
    let bytes = served.inputs.iter().chain(&served.outputs).map(|port| {
        let size = port.spec.shape.volume(1);
        size.saturating_mul(port.spec.dtype.size_bytes()).saturating_mul(rows)
    });
    if bytes.fold(0, usize::saturating_add) > ARRAYS_BYTES_MAX {
        return Err(Failure::too_large(
            &format!("What {rows} samples and their outputs take"),
            ARRAYS_BYTES_MAX,
        ));
    }
    Ok(())
}

/// What a failed prediction is to the client: arrays that do not fit are its mistake.
fn refusal(error: &rhyton::Error) -> Failure {
    let status = match error {
        rhyton::Error::Data { .. } => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Failure::new(status, error.to_string())
}
