//! Why a command is refused: a code, and the input field that it concerns.

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name used in records and in the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of that name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

named! {
    /// What a rule had against a command.
    RejectionCode {
        /// Not 1–64 of `a–z 0–9 . _ -`.
        InvalidHandle = "INVALID_HANDLE",
        /// Blank, longer than 100 characters, or with control characters, line separators or
        /// overrides of the writing direction.
        InvalidName = "INVALID_NAME",
        /// The user and the other are one.
        SelfReference = "SELF",
        /// The user is archived, for good.
        UserArchived = "USER_ARCHIVED",
        /// Nobody has this id.
        UnknownUser = "UNKNOWN_USER",
        /// Somebody has this handle.
        HandleTaken = "HANDLE_TAKEN",
        /// Somebody has, or had, this id.
        IdTaken = "ID_TAKEN",
        /// The state machine of users does not lead there from here.
        WrongState = "WRONG_STATE",
        /// Only ACTIVE users make friends.
        UserNotActive = "USER_NOT_ACTIVE",
        /// One of the two has blocked the other.
        Blocked = "BLOCKED",
        /// The two are friends.
        AlreadyFriends = "ALREADY_FRIENDS",
        /// The user's request is open.
        AlreadyRequested = "ALREADY_REQUESTED",
        /// There is no open request between the two.
        NoSuchRequest = "NO_SUCH_REQUEST",
        /// There is a request, but it is the other side's turn.
        WrongSide = "WRONG_SIDE",
        /// The two are not friends.
        NotFriends = "NOT_FRIENDS",
        /// The user has blocked the other.
        AlreadyBlocked = "ALREADY_BLOCKED",
        /// The user has not blocked the other.
        NotBlocked = "NOT_BLOCKED",
        /// The user has as many friends as one may have.
        TooManyFriends = "TOO_MANY_FRIENDS",
        /// Everything is so already: nothing is changed, and nothing is wrong.
        Unchanged = "UNCHANGED",
    }
}

named! {
    /// The input field that a refusal concerns.
    Field {
        /// The user that acts or is changed.
        User = "user",
        /// The other user of a pair.
        Other = "other",
        /// The id asked for at registration.
        Uuid = "uuid",
        /// The handle.
        Handle = "handle",
        /// The first name.
        FirstName = "firstName",
        /// The last name.
        LastName = "lastName",
    }
}

/// A refusal. Holds no personal data, so that it can be kept in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// What the rule had against it.
    pub code: RejectionCode,
    /// The field that it concerns.
    pub field: Field,
}

impl Rejection {
    /// A refusal of that code for that field.
    #[must_use]
    pub fn new(code: RejectionCode, field: Field) -> Self {
        Self { code, field }
    }

    /// Whether it rests on a fact that can never become false, and so needs no record.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        use RejectionCode::{InvalidHandle, InvalidName, SelfReference, UserArchived};
        matches!(
            self.code,
            InvalidHandle | InvalidName | SelfReference | UserArchived
        )
    }

    /// What is wrong and what to do, for a person.
    #[must_use]
    pub fn message(self) -> &'static str {
        use RejectionCode as Code;
        match self.code {
            Code::InvalidHandle => {
                "a handle is 1 to 64 characters, each one of a-z, 0-9, dot, underscore or hyphen"
            }
            Code::InvalidName => {
                "a name is 1 to 100 characters of any script, one of them visible, without control characters, line separators and overrides of the writing direction"
            }
            Code::SelfReference => "user and other are the same person: name two people",
            Code::UserArchived => "this user is archived, which is final",
            Code::UnknownUser => "no user has this id: register the user first",
            Code::HandleTaken => "somebody has this handle: choose another",
            Code::IdTaken => "this uuid is in use: choose another, or leave it out",
            Code::WrongState => "the user's present state does not allow this change",
            Code::UserNotActive => "this user is not ACTIVE: activate or reactivate the user first",
            Code::Blocked => "one of the two has blocked the other: unblock first",
            Code::AlreadyFriends => "the two are friends already",
            Code::AlreadyRequested => "this user's request is open already: wait for the answer",
            Code::NoSuchRequest => "there is no open friend request between the two",
            Code::WrongSide => {
                "the request was made by the wrong side for this: the one asked accepts or declines, the one who asked cancels"
            }
            Code::NotFriends => "the two are not friends",
            Code::AlreadyBlocked => "this user has blocked the other already",
            Code::NotBlocked => "this user has not blocked the other",
            Code::TooManyFriends => {
                "this user has as many friends as one may have here: raise --max-friends, or remove some"
            }
            Code::Unchanged => "everything is so already",
        }
    }
}
