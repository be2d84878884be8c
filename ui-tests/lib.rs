//! Empty: trybuild wants a library beside its cases.
