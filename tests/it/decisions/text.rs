//! What is a handle, and what is a name.

use foaf::domain::{Field, Handle, Name, Rejection, RejectionCode as Code};

use crate::sample::texts;

fn folded(text: &str) -> Result<String, Rejection> {
    Handle::parse(text).map(|handle| handle.as_str().to_owned())
}

#[test]
fn handles_are_folded_to_lower_case() {
    for text in texts::handles() {
        assert_eq!(folded(&text).as_ref(), Ok(&text));
        assert_eq!(folded(&text.to_uppercase()), Ok(text));
    }
    // The Kelvin sign is a capital k to Unicode: it cannot be used to look like somebody else.
    assert_eq!(folded("\u{212a}elvin").as_deref(), Ok("kelvin"));
}

#[test]
fn other_texts_are_no_handles() {
    let refusal = Rejection::new(Code::InvalidHandle, Field::Handle);
    for text in texts::not_handles() {
        assert_eq!(folded(&text), Err(refusal), "{text:?}");
    }
}

#[test]
fn a_name_is_kept_as_it_was_given() {
    for text in texts::names() {
        let name = Name::parse(&text, Field::FirstName);
        assert_eq!(name.as_ref().map(Name::as_str), Ok(&*text));
    }
}

#[test]
fn other_texts_are_no_names_and_the_refusal_says_which_field() {
    for text in texts::not_names().into_iter().chain(texts::blanks()) {
        for field in [Field::FirstName, Field::LastName] {
            let refusal = Rejection::new(Code::InvalidName, field);
            assert_eq!(Name::parse(&text, field), Err(refusal), "{text:?}");
        }
    }
}
