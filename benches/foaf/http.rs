//! A caller of the API: one connection, one question at a time.

use anyhow::{Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use foaf::domain::UserId;
use serde_json::Value;

pub(crate) struct Caller {
    http: reqwest::Client,
    url: String,
}

impl Caller {
    /// It asks for no compression, as a service nearby would.
    pub(crate) fn new(address: &str) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_gzip().build()?,
            url: format!("{address}/graphql"),
        })
    }

    /// What the API answers to a request, which must not fail, nor find no user.
    pub(crate) async fn ask(&self, request: &Value) -> Result<Value> {
        let sent = self.http.post(&self.url).json(request).send().await?;
        let mut answer: Value = sent.json().await?;
        let is_answered =
            answer["errors"].is_null() && answer["data"].get("user").is_none_or(Value::is_object);
        ensure!(is_answered, "{request} was answered by {answer}");
        Ok(answer["data"].take())
    }
}

/// The global id of a user.
pub(crate) fn global_id(user: UserId) -> String {
    URL_SAFE_NO_PAD.encode(format!("User:{user}"))
}
