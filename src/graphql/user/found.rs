//! Users by id: who they are is asked of the graph, that there is somebody of that id it need not be.
//! So a traversal has no round trip before it that asks for nothing else.
//!
//! Must never show anything of the write model but that somebody is there.

use std::sync::Arc;

use async_graphql::{Context, Result};

use crate::{
    domain::{self, UserId},
    graphql::{
        Services,
        error::no_such_user,
        loader::{Questions, UserById},
    },
    replay::model::WriteModel,
};

use super::User;

/// The fields that need no more of a user than the id.
const BY_ID: [&str; 12] = [
    "__typename",
    "id",
    "uuid",
    "friends",
    "friendsOfFriends",
    "mutualFriends",
    "recommendations",
    "relationTo",
    "network",
    "friendRequests",
    "blockedUsers",
    "history",
];

/// Users by id, below whatever list it stands.
pub(in crate::graphql) async fn load(ctx: &Context<'_>, id: UserId) -> Result<Option<User>> {
    let asked = ctx.field();
    let mut fields = asked.selection_set();
    if fields.all(|field| BY_ID.contains(&field.name()))
        && let Some(user) = shown(ctx, id)
    {
        return Ok(Some(User(user)));
    }
    let questions = ctx.data_unchecked::<Questions>();
    Ok(questions.ask(UserById { of: id }).await?.map(User))
}

/// An error that names the argument, if nobody has this id.
pub(in crate::graphql) async fn known(ctx: &Context<'_>, id: UserId, argument: &str) -> Result<()> {
    if shown(ctx, id).is_some() {
        return Ok(());
    }
    let questions = ctx.data_unchecked::<Questions>();
    match questions.ask(UserById { of: id }).await? {
        Some(_) => Ok(()),
        None => Err(no_such_user(argument)),
    }
}

/// The user, if the graph has shown the version that stands: nobody is taken out again. `None` says
/// nothing, and nothing is waited for.
fn shown(ctx: &Context<'_>, id: UserId) -> Option<Arc<domain::User>> {
    let services = ctx.data_unchecked::<Services>();
    if services.graph.is_local() {
        return None;
    }
    let position = services.projection.borrow().position;
    let find = |model: &WriteModel| model.state().user(id).cloned();
    let user = services.replay.peek(find)??;
    (user.from.position <= position).then_some(user)
}
