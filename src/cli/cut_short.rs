//! A mapped file that is cut short under the program: an error that can be read, instead of "bus error".
//!
//! Large inputs are mapped (`corpus::Bytes`). If another process truncates one, or the disk fails, looking at the missing
//! pages raises SIGBUS. No stage can go on then, so the process ends; what was staged is not put in its place.
#![allow(unsafe_code)] // signal handlers

const MESSAGE: &[u8] = b"error: an input was cut short, or the disk failed or was full under an input or the temporary data, while unecho was at work; nothing was put in its place\n  remedy: run it again when nobody writes to the input and there is room (--temp-dir); OUT.unecho.run, which it left beside the output, can be removed\n";

/// From now on SIGBUS ends the process with exit code 2 and a message.
#[cfg(unix)]
pub(super) fn explain_from_now_on() {
    extern "C" fn explain(_: libc::c_int) {
        // SAFETY: `write` and `_exit` may be called in a signal handler (POSIX.1-2017 §2.4.3); the message is static.
        unsafe {
            libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len());
            libc::_exit(2);
        }
    }
    // SAFETY: the handler has the signature of one, and does nothing but what a handler may.
    unsafe { libc::signal(libc::SIGBUS, explain as extern "C" fn(libc::c_int) as libc::sighandler_t) };
}

/// Where there is no such signal there is nothing to do.
#[cfg(not(unix))]
pub(super) fn explain_from_now_on() {}
