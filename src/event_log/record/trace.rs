//! The trace context that a caller names: what of it may go into the log, which keeps it for ever.
//!
//! Must never let through what is not a `traceparent` of W3C Trace Context, version 00.

/// Whether a text is a `traceparent`: `00-` trace `-` parent `-` flags, in small hexadecimal digits,
/// where neither trace nor parent is all zeros.
pub(super) fn is_parent(text: &str) -> bool {
    let is_hex = |part: &str, length| {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        part.len() == length && part.bytes().all(is_digit)
    };
    let is_id = |part, length| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = text.split('-');
    let parts = [(); 5].map(|()| parts.next());
    let [Some("00"), Some(trace), Some(parent), Some(flags), None] = parts else {
        return false;
    };
    is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trace_context_is_one() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let right = format!("00-{trace}-{parent}-01");
        assert!(is_parent(&right));
        assert!(is_parent(&format!("00-{trace}-{parent}-ff")));
        for wrong in [
            String::new(),
            "ann@example.org".to_owned(),
            format!("{right}-"),
            format!("{right}-more"),
            format!(" {right}"),
            right.to_uppercase(),
            right.replace("00-4", "01-4"),
            right.replace("00-4", "ff-4"),
            right.replace('4', "g"),
            right.replace("-01", "-1"),
            right.replace("-01", "-001"),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{parent}-{trace}-01"),
        ] {
            assert!(!is_parent(&wrong), "{wrong}");
        }
    }
}
