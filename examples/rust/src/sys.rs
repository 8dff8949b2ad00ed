//! Declarations of the functions of the C API that this crate uses. The header `provenlog/plog.h` documents them.
#![allow(non_camel_case_types, missing_docs)]

use std::os::raw::{c_char, c_int, c_void};

pub const PLOG_ABI_VERSION: i32 = 1;

pub type plog_status = i32;
pub const PLOG_OK: plog_status = 0;

macro_rules! opaque {
    ($($name:ident),*) => {$(
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
        }
    )*};
}
opaque!(plog_error, plog_buffer, plog_client, plog_cursor, plog_redactor);

#[repr(C)]
pub struct plog_client_options {
    pub struct_size: u32,
    pub durability: i32,
    pub on_full: i32,
    pub no_salt: i32,
    pub base_url: *const c_char,
    pub db_path: *const c_char,
    pub agent_id: *const c_char,
    pub session_id: *const c_char,
    pub labels_json: *const c_char,
    pub metadata_json: *const c_char,
    pub context_json: *const c_char,
    pub source: *const c_char,
    pub capture_method: *const c_char,
    pub batch_size: u32,
    pub flush_interval_ms: u32,
    pub block_timeout_ms: u32,
    pub reserved: u32,
    pub max_event_bytes: u64,
    pub journal_limit_bytes: u64,
    pub capture_content: *const c_char,
    pub salt: i32,
    pub read_connections: u32,
}

#[repr(C)]
#[derive(Default)]
pub struct plog_client_stats_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub accepted: u64,
    pub stored: u64,
    pub recovered: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub dropped: u64,
    pub gaps: u64,
    pub queued_events: u64,
    pub queued_bytes: u64,
    pub truncated: u64,
    pub redactions: u64,
    pub errors: u64,
}

pub type plog_progress_fn = unsafe extern "C" fn(user_data: *mut c_void, done: u64, total: u64) -> c_int;

#[repr(C)]
pub struct plog_verify_options {
    pub struct_size: u32,
    pub read_only: i32,
    pub db_path: *const c_char,
    pub agent_id: *const c_char,
    pub progress: Option<plog_progress_fn>,
    pub user_data: *mut c_void,
    pub level: *const c_char,
    pub key: *const c_char,
    pub heads: *const *const c_char,
    pub head_count: u32,
    pub incremental: i32,
    pub threads: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct plog_export_options {
    pub struct_size: u32,
    pub tiles: i32,
    pub db_path: *const c_char,
    pub filter: *const c_char,
    pub overwrite: i32,
    pub reserved: u32,
    pub progress: Option<plog_progress_fn>,
    pub user_data: *mut c_void,
}

#[repr(C)]
pub struct plog_check_options {
    pub struct_size: u32,
    pub head_count: u32,
    pub heads: *const *const c_char,
    pub key: *const c_char,
    pub progress: Option<plog_progress_fn>,
    pub user_data: *mut c_void,
}

extern "C" {
    pub fn plog_status_name(status: plog_status) -> *const c_char;
    pub fn plog_error_status(error: *const plog_error) -> plog_status;
    pub fn plog_error_message(error: *const plog_error) -> *const c_char;
    pub fn plog_error_destroy(error: *mut plog_error);
    pub fn plog_version() -> *const c_char;
    pub fn plog_abi_version() -> i32;
    pub fn plog_buffer_data(buffer: *const plog_buffer) -> *const c_char;
    pub fn plog_buffer_size(buffer: *const plog_buffer) -> usize;
    pub fn plog_buffer_destroy(buffer: *mut plog_buffer);

    pub fn plog_client_option_check(
        name: *const c_char,
        value: *const c_char,
        value_len: usize,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_new(
        options: *const plog_client_options,
        out: *mut *mut plog_client,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_flush(
        client: *mut plog_client,
        timeout_ms: i64,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_close(
        client: *mut plog_client,
        timeout_ms: i64,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_destroy(client: *mut plog_client);
    pub fn plog_client_db_path(client: *const plog_client) -> *const c_char;
    pub fn plog_log_event(
        client: *mut plog_client,
        json: *const c_char,
        json_len: usize,
        id_out: *mut c_char,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_set_context(
        client: *mut plog_client,
        key: *const c_char,
        key_len: usize,
        value: *const c_char,
        value_len: usize,
        context: *const c_char,
        context_len: usize,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_get_context(
        client: *mut plog_client,
        key: *const c_char,
        key_len: usize,
        value: *const c_char,
        value_len: usize,
        out: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_stats(
        client: *mut plog_client,
        stats: *mut plog_client_stats_t,
        last_error: *mut *mut plog_error,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_next_error(
        client: *mut plog_client,
        timeout_ms: i64,
        out: *mut *mut plog_error,
        err: *mut *mut plog_error,
    ) -> plog_status;

    pub fn plog_client_get_event(
        client: *mut plog_client,
        id: *const c_char,
        id_len: usize,
        agent: *const c_char,
        agent_len: usize,
        out: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_query(
        client: *mut plog_client,
        filter: *const c_char,
        filter_len: usize,
        out: *mut *mut plog_cursor,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_cursor_next(
        cursor: *mut plog_cursor,
        json: *mut *const c_char,
        json_len: *mut usize,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_cursor_position(cursor: *const plog_cursor) -> i64;
    pub fn plog_cursor_destroy(cursor: *mut plog_cursor);

    pub fn plog_verify(
        client: *mut plog_client,
        options: *const plog_verify_options,
        report: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;

    pub fn plog_export(
        client: *mut plog_client,
        options: *const plog_export_options,
        path: *const c_char,
        report: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_client_prove(
        client: *mut plog_client,
        id: *const c_char,
        id_len: usize,
        agent: *const c_char,
        agent_len: usize,
        out: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_verify_export(
        path: *const c_char,
        options: *const plog_check_options,
        report: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;

    pub fn plog_call(
        client: *mut plog_client,
        name: *const c_char,
        parameters: *const c_char,
        parameters_len: usize,
        progress: Option<plog_progress_fn>,
        user_data: *mut c_void,
        result: *mut *mut plog_buffer,
        err: *mut *mut plog_error,
    ) -> plog_status;

    pub fn plog_redactor_new(
        rules: *const c_char,
        rules_len: usize,
        out: *mut *mut plog_redactor,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_redactor_redact(
        redactor: *const plog_redactor,
        text: *const c_char,
        len: usize,
        out: *mut *mut plog_buffer,
        count: *mut u64,
        err: *mut *mut plog_error,
    ) -> plog_status;
    pub fn plog_redactor_destroy(redactor: *mut plog_redactor);
}
