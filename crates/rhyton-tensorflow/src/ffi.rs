#![allow(unsafe_code, reason = "this is the border to TensorFlow's C API")]
//! Owners of the C API's objects. Only this module is unsafe. A session owns its graph, so the
//! operations in it live as long as the session; they are plain pointers ([`Output`],
//! [`Operation`]) that the crate hands only to the session they came from.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;

use rhyton_dlopen::{Engine, Supported};
use rhyton_tensor::DType;

use crate::dtype::{code, dtype};

/// A C object that only TensorFlow looks into.
#[repr(C)]
pub(crate) struct Opaque([u8; 0]);

/// One result of an operation: `TF_Output`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Output {
    operation: *mut Opaque,
    index: c_int,
}

/// An operation of a graph.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Operation(*mut Opaque);

// SAFETY: an operation never changes once it is in its graph, and the API is thread-safe.
unsafe impl Send for Output {}
// SAFETY: as above.
unsafe impl Sync for Output {}
// SAFETY: as above.
unsafe impl Send for Operation {}
// SAFETY: as above.
unsafe impl Sync for Operation {}

impl Operation {
    /// Its first result.
    pub(crate) fn output(self) -> Output {
        self.result(0)
    }

    /// One of its results.
    pub(crate) fn result(self, index: i32) -> Output {
        Output { operation: self.0, index }
    }
}

macro_rules! functions {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of the C API in use.
        #[allow(non_snake_case, reason = "the names are the C API's")]
        struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        const SYMBOLS: &[&str] = &[$(stringify!($name),)*];

        impl Functions {
            fn load(engine: &Engine) -> rhyton_dlopen::Result<Self> {
                engine.require(SYMBOLS)?;
                Ok(Self {
                    $(
                        // SAFETY: the signature is that of the C header, unchanged in 2.x.
                        $name: unsafe { engine.symbol(stringify!($name)) }?,
                    )*
                })
            }
        }
    };
}

type Pointer = *mut Opaque;
type Text = *const c_char;

functions! {
    TF_NewStatus() -> Pointer;
    TF_DeleteStatus(Pointer);
    TF_GetCode(Pointer) -> c_int;
    TF_Message(Pointer) -> Text;
    TF_AllocateTensor(c_int, *const i64, c_int, usize) -> Pointer;
    TF_DeleteTensor(Pointer);
    TF_TensorType(Pointer) -> c_int;
    TF_NumDims(Pointer) -> c_int;
    TF_Dim(Pointer, c_int) -> i64;
    TF_TensorByteSize(Pointer) -> usize;
    TF_TensorData(Pointer) -> *mut c_void;
    TF_NewGraph() -> Pointer;
    TF_DeleteGraph(Pointer);
    TF_NewOperation(Pointer, Text, Text) -> Pointer;
    TF_FinishOperation(Pointer, Pointer) -> Pointer;
    TF_AddInput(Pointer, Output);
    TF_AddInputList(Pointer, *const Output, c_int);
    TF_AddControlInput(Pointer, Pointer);
    TF_SetAttrType(Pointer, Text, c_int);
    TF_SetAttrInt(Pointer, Text, i64);
    TF_SetAttrIntList(Pointer, Text, *const i64, c_int);
    TF_SetAttrBool(Pointer, Text, u8);
    TF_SetAttrString(Pointer, Text, *const c_void, usize);
    TF_SetAttrShape(Pointer, Text, *const i64, c_int);
    TF_SetAttrTensor(Pointer, Text, Pointer, Pointer);
    TF_NewSessionOptions() -> Pointer;
    TF_DeleteSessionOptions(Pointer);
    TF_SetConfig(Pointer, *const c_void, usize, Pointer);
    TF_NewSession(Pointer, Pointer, Pointer) -> Pointer;
    TF_CloseSession(Pointer, Pointer);
    TF_DeleteSession(Pointer, Pointer);
    TF_SessionRun(
        Pointer, *const c_void,
        *const Output, *const Pointer, c_int,
        *const Output, *mut Pointer, c_int,
        *const Operation, c_int,
        *mut c_void, Pointer
    );
}

/// The loaded library.
pub(crate) struct TensorFlow {
    functions: Functions,
    version: String,
    place: String,
}

/// What TensorFlow says when a call fails: `TF_Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    pub(crate) message: String,
}

type Result<T, E = Failure> = std::result::Result<T, E>;

impl TensorFlow {
    /// Takes the library if it is TensorFlow in a supported version.
    pub(crate) fn new(engine: &Engine, supported: Supported) -> rhyton_dlopen::Result<Self> {
        type Version = unsafe extern "C" fn() -> Text;
        // SAFETY: it is `const char* TF_Version(void)` in every version.
        let version = unsafe { engine.symbol::<Version>("TF_Version") }?;
        // SAFETY: it takes nothing and returns a constant.
        let version = unsafe { version() };
        let version = owned_text(version);
        supported.check("TensorFlow", engine.path(), &version, engine.enable())?;
        let functions = Functions::load(engine)?;
        Ok(Self { functions, version, place: engine.path().display().to_string() })
    }

    /// The version it says it is, e.g. `2.21.0`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The path or name by which it was loaded.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }
}

/// A status while a call runs.
struct Status<'a> {
    functions: &'a Functions,
    raw: Pointer,
}

impl<'a> Status<'a> {
    fn new(functions: &'a Functions) -> Self {
        // SAFETY: it takes nothing.
        let raw = unsafe { (functions.TF_NewStatus)() };
        Self { functions, raw }
    }

    fn check(&self) -> Result<()> {
        // SAFETY: the status lives.
        let code = unsafe { (self.functions.TF_GetCode)(self.raw) };
        if code == 0 {
            return Ok(());
        }
        // SAFETY: the status lives, and the text is copied before the status changes.
        let message = unsafe { (self.functions.TF_Message)(self.raw) };
        Err(Failure { code, message: owned_text(message) })
    }
}

impl Drop for Status<'_> {
    fn drop(&mut self) {
        // SAFETY: made by TF_NewStatus and deleted once.
        unsafe { (self.functions.TF_DeleteStatus)(self.raw) }
    }
}

fn owned_text(text: Text) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the API returns terminated text that lives for the time of this call.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A tensor that we own.
pub(crate) struct Tensor {
    library: Arc<TensorFlow>,
    raw: Pointer,
}

// SAFETY: the tensor is owned, and its bytes are only read after `from_bytes`.
unsafe impl Send for Tensor {}
// SAFETY: as above.
unsafe impl Sync for Tensor {}

impl Tensor {
    /// A tensor with a copy of the bytes. A copy, because TensorFlow may keep the buffer for longer
    /// than the run, e.g. as a variable's value.
    pub(crate) fn from_bytes(
        library: &Arc<TensorFlow>,
        dtype: DType,
        shape: &[usize],
        bytes: &[u8],
    ) -> Result<Self> {
        let functions = &library.functions;
        let dims: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let (rank, length) = (dims.len() as c_int, bytes.len());
        // SAFETY: `dims` holds `rank` sizes.
        let raw =
            unsafe { (functions.TF_AllocateTensor)(code(dtype), dims.as_ptr(), rank, length) };
        if raw.is_null() {
            const RESOURCE_EXHAUSTED: i32 = 8;
            let message = format!("no memory for a tensor of {length} bytes");
            return Err(Failure { code: RESOURCE_EXHAUSTED, message });
        }
        let tensor = Self { library: Arc::clone(library), raw };
        // SAFETY: the tensor lives.
        let data = unsafe { (functions.TF_TensorData)(raw) };
        if length > 0 && !data.is_null() {
            // SAFETY: the fresh tensor has `length` bytes of its own.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast(), length) };
        }
        Ok(tensor)
    }

    /// The element type; `None` for one that Rhyton does not have.
    pub(crate) fn dtype(&self) -> Option<DType> {
        // SAFETY: the tensor lives.
        dtype(unsafe { (self.library.functions.TF_TensorType)(self.raw) })
    }

    /// The size along each axis.
    pub(crate) fn shape(&self) -> Vec<usize> {
        // SAFETY: the tensor lives.
        let rank = unsafe { (self.library.functions.TF_NumDims)(self.raw) };
        (0..rank)
            .map(|axis| {
                // SAFETY: the axis is below the rank.
                unsafe { (self.library.functions.TF_Dim)(self.raw, axis) as usize }
            })
            .collect()
    }

    /// The elements' bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the tensor lives.
        let length = unsafe { (self.library.functions.TF_TensorByteSize)(self.raw) };
        // SAFETY: the tensor lives.
        let data = unsafe { (self.library.functions.TF_TensorData)(self.raw) };
        if length == 0 || data.is_null() {
            return &[];
        }
        // SAFETY: the buffer has `length` bytes and lives as long as the tensor.
        unsafe { std::slice::from_raw_parts(data.cast(), length) }
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        // SAFETY: owned, and deleted once.
        unsafe { (self.library.functions.TF_DeleteTensor)(self.raw) }
    }
}

/// A graph and the session that runs it.
pub(crate) struct Session {
    library: Arc<TensorFlow>,
    graph: Pointer,
    runner: Pointer,
}

// SAFETY: the API's graphs and sessions may be used from any thread at the same time.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

impl Session {
    /// A session over an empty graph. `config` is a serialised `ConfigProto`.
    pub(crate) fn new(library: &Arc<TensorFlow>, config: &[u8]) -> Result<Self> {
        let functions = &library.functions;
        let status = Status::new(functions);
        // SAFETY: it takes nothing.
        let options = unsafe { (functions.TF_NewSessionOptions)() };
        // SAFETY: it takes nothing.
        let graph = unsafe { (functions.TF_NewGraph)() };
        let mut this = Self { library: Arc::clone(library), graph, runner: null_mut() };
        let bytes = config.as_ptr().cast();
        // SAFETY: options and status live; `bytes` has the stated length.
        unsafe { (functions.TF_SetConfig)(options, bytes, config.len(), status.raw) };
        let mut made = status.check();
        if made.is_ok() {
            // SAFETY: graph, options and status live.
            this.runner = unsafe { (functions.TF_NewSession)(graph, options, status.raw) };
            made = status.check();
        }
        // SAFETY: made above and deleted once; the session has copied them.
        unsafe { (functions.TF_DeleteSessionOptions)(options) };
        made.map(|()| this)
    }

    /// The library behind it.
    pub(crate) fn library(&self) -> &Arc<TensorFlow> {
        &self.library
    }

    /// Begins an operation; `name` is unique in the session and of the characters TensorFlow takes.
    pub(crate) fn operation(&self, kind: &'static CStr, name: &str) -> Builder<'_> {
        let name = CString::new(name).expect("names are made of letters, digits and slashes");
        let (kind, name) = (kind.as_ptr(), name.as_ptr());
        // SAFETY: the graph lives and the texts are terminated.
        let raw = unsafe { (self.library.functions.TF_NewOperation)(self.graph, kind, name) };
        Builder { session: self, raw, failed: None }
    }

    /// Runs the targets and returns the fetched values; `feeds` replace the values of placeholders.
    pub(crate) fn run(
        &self,
        (places, values): (&[Output], &[Tensor]),
        fetches: &[Output],
        targets: &[Operation],
    ) -> Result<Vec<Tensor>> {
        assert_eq!(places.len(), values.len(), "one value for each place that is fed");
        let status = Status::new(&self.library.functions);
        let values: Vec<Pointer> = values.iter().map(|tensor| tensor.raw).collect();
        let mut results: Vec<Pointer> = vec![null_mut(); fetches.len()];
        // SAFETY: session and status live; each pointer comes with the length of its slice.
        unsafe {
            (self.library.functions.TF_SessionRun)(
                self.runner,
                null(),
                places.as_ptr(),
                values.as_ptr(),
                places.len() as c_int,
                fetches.as_ptr(),
                results.as_mut_ptr(),
                fetches.len() as c_int,
                targets.as_ptr(),
                targets.len() as c_int,
                null_mut(),
                status.raw,
            );
        }
        let owned = results.into_iter().filter(|raw| !raw.is_null());
        let tensors: Vec<Tensor> =
            owned.map(|raw| Tensor { library: Arc::clone(&self.library), raw }).collect();
        status.check().map(|()| tensors)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let functions = &self.library.functions;
        if !self.runner.is_null() {
            let status = Status::new(functions);
            // SAFETY: the session lives; what it says on closing changes nothing.
            unsafe { (functions.TF_CloseSession)(self.runner, status.raw) };
            // SAFETY: owned, and deleted once.
            unsafe { (functions.TF_DeleteSession)(self.runner, status.raw) };
        }
        // SAFETY: owned, and deleted once, after its session.
        unsafe { (functions.TF_DeleteGraph)(self.graph) };
    }
}

/// An operation that is being described; `finish` puts it into the graph.
#[must_use]
pub(crate) struct Builder<'a> {
    session: &'a Session,
    raw: Pointer,
    failed: Option<Failure>,
}

impl Builder<'_> {
    fn functions(&self) -> &Functions {
        &self.session.library.functions
    }

    /// The next input.
    pub(crate) fn input(self, value: Output) -> Self {
        // SAFETY: the description lives, and the value is of the same graph.
        unsafe { (self.functions().TF_AddInput)(self.raw, value) };
        self
    }

    /// The next input, a list.
    pub(crate) fn inputs(self, values: &[Output]) -> Self {
        let count = values.len() as c_int;
        // SAFETY: the description lives, and the values are of the same graph.
        unsafe { (self.functions().TF_AddInputList)(self.raw, values.as_ptr(), count) };
        self
    }

    /// Runs only after `operation`.
    pub(crate) fn after(self, operation: Operation) -> Self {
        // SAFETY: the description lives, and the operation is of the same graph.
        unsafe { (self.functions().TF_AddControlInput)(self.raw, operation.0) };
        self
    }

    /// An attribute that is an element type.
    pub(crate) fn dtype(self, name: &'static CStr, value: DType) -> Self {
        // SAFETY: the description lives, and the text is terminated.
        unsafe { (self.functions().TF_SetAttrType)(self.raw, name.as_ptr(), code(value)) };
        self
    }

    /// An attribute that is a whole number.
    pub(crate) fn integer(self, name: &'static CStr, value: i64) -> Self {
        // SAFETY: the description lives, and the text is terminated.
        unsafe { (self.functions().TF_SetAttrInt)(self.raw, name.as_ptr(), value) };
        self
    }

    /// An attribute that is several whole numbers.
    pub(crate) fn integers(self, name: &'static CStr, values: &[i64]) -> Self {
        let count = values.len() as c_int;
        let set = self.functions().TF_SetAttrIntList;
        // SAFETY: the description lives, and the text is terminated; the numbers come with theirs.
        unsafe { set(self.raw, name.as_ptr(), values.as_ptr(), count) };
        self
    }

    /// An attribute that holds or does not.
    pub(crate) fn flag(self, name: &'static CStr, value: bool) -> Self {
        let value = u8::from(value);
        // SAFETY: the description lives, and the text is terminated.
        unsafe { (self.functions().TF_SetAttrBool)(self.raw, name.as_ptr(), value) };
        self
    }

    /// An attribute that is text.
    pub(crate) fn text(self, name: &'static CStr, value: &str) -> Self {
        let (bytes, length) = (value.as_ptr().cast(), value.len());
        // SAFETY: the description lives; the value comes with its length.
        unsafe { (self.functions().TF_SetAttrString)(self.raw, name.as_ptr(), bytes, length) };
        self
    }

    /// An attribute that is a shape; −1 for sizes that differ between runs.
    pub(crate) fn shape(self, name: &'static CStr, sizes: &[i64]) -> Self {
        let (dims, rank) = (sizes.as_ptr(), sizes.len() as c_int);
        // SAFETY: the description lives; the sizes come with their number.
        unsafe { (self.functions().TF_SetAttrShape)(self.raw, name.as_ptr(), dims, rank) };
        self
    }

    /// An attribute that is a tensor.
    pub(crate) fn tensor(mut self, name: &'static CStr, value: &Tensor) -> Self {
        let status = Status::new(&self.session.library.functions);
        let set = self.functions().TF_SetAttrTensor;
        // SAFETY: description, tensor and status live; the graph copies the tensor.
        unsafe { set(self.raw, name.as_ptr(), value.raw, status.raw) };
        let checked = status.check();
        drop(status);
        self.failed = self.failed.or(checked.err());
        self
    }

    /// Puts the operation into the graph.
    pub(crate) fn finish(self) -> Result<Operation> {
        let functions = self.functions();
        let status = Status::new(functions);
        // SAFETY: description and status live; the description is consumed, also on failure.
        let operation = unsafe { (functions.TF_FinishOperation)(self.raw, status.raw) };
        status.check()?;
        match self.failed.clone() {
            Some(failure) => Err(failure),
            None => Ok(Operation(operation)),
        }
    }
}
