//! The contract of the graph port, run by every adapter: one test for each sentence.
//!
//! A test gets an empty graph. An adapter joins with a factory `async fn open() -> Option<Fresh>`
//! and one line `contract!(name, open);` at the end of this file.

mod contents;
pub(crate) mod histories;
mod lists;
mod many;
mod pages;
mod people;
mod projecting;
mod recommending;
mod sequences;
mod ties;
mod traversals;
mod walk;
mod who_counts;

use std::{any::Any, sync::Arc};

use foaf::graph::{Answer, Graph};

/// An empty graph for one test.
pub(crate) struct Fresh {
    pub(crate) graph: Arc<dyn Graph>,
    /// Dropped after the test: a lock on a database that tests take turns in, a folder…
    pub(crate) held: Box<dyn Any>,
}

/// The answer, without its position.
fn value<T>(answer: Answer<T>) -> T {
    answer.expect("the graph answers").value
}

/// The only answer to a question about one.
fn only<T>(answer: Answer<Vec<T>>) -> T {
    let mut answers = value(answer);
    assert_eq!(answers.len(), 1, "one answer for each question");
    answers.remove(0)
}

/// Runs every test of the contract on the graphs that `$open` makes; it gives `None` where the
/// adapter's server is not there to be tested.
macro_rules! contract {
    ($adapter:ident, $open:path) => {
        mod $adapter {
            contract! { @tests $open,
                projecting {
                    an_empty_graph_has_no_cursor_and_answers_at_position_0,
                    the_cursor_is_read_back_whole,
                    a_batch_that_starts_elsewhere_changes_nothing,
                    a_batch_of_another_log_changes_nothing,
                    the_same_batch_twice_takes_effect_once,
                    a_batch_without_changes_moves_the_cursor,
                    every_read_names_the_position,
                    a_read_sees_one_moment,
                    a_big_batch_is_taken_whole,
                }
                contents {
                    an_empty_graph_holds_nothing,
                    everything_is_listed_in_the_order_of_keys,
                    pages_of_every_size_make_the_same_list,
                    what_differs_is_mended,
                    a_mend_at_another_position_changes_nothing,
                    a_user_who_is_taken_out_takes_the_edges_along,
                    a_graph_that_is_being_emptied_stands_nowhere,
                    a_graph_of_another_log_is_not_emptied,
                }
                sequences {
                    what_begins_and_ends_in_one_batch_is_not_shown,
                    what_ends_and_begins_anew_in_one_batch_is_shown_as_new,
                    an_archive_ends_friendships_and_requests_but_no_blocks,
                    a_request_becomes_a_friendship_becomes_a_block,
                    a_freed_handle_finds_its_next_holder,
                    handles_change_hands_within_one_batch,
                    a_hub_gains_and_loses_many_at_once,
                }
                people {
                    users_are_found_by_id_in_whatever_state,
                    users_are_found_by_handle_unless_archived,
                    users_are_listed_by_id,
                    users_are_listed_by_folded_name_then_id,
                    names_are_compared_by_code_point,
                    a_new_name_moves_a_user_in_the_list,
                    users_are_filtered_by_state,
                    users_are_filtered_by_handle_prefix,
                    prefixes_are_taken_literally,
                }
                lists {
                    friends_are_listed_in_each_order,
                    friends_are_filtered_by_handle_prefix,
                    mutual_friends_are_listed_by_id,
                    friends_of_friends_are_listed_by_distance_mutual_count_and_id,
                    requests_are_listed_newest_first,
                    blocks_are_listed_newest_first,
                    a_history_has_each_position_once_the_oldest_first,
                    a_long_list_is_cut_like_a_short_one,
                }
                pages {
                    a_key_need_not_be_in_the_list,
                    a_window_may_be_empty_or_upside_down,
                    the_total_ignores_the_window,
                    an_empty_list_has_an_empty_page,
                }
                many {
                    answers_come_in_the_order_of_the_questions_repeats_allowed,
                    unknown_users_have_nothing,
                    nothing_asked_nothing_answered,
                }
                who_counts {
                    others_that_are_not_active_are_no_results,
                    others_that_are_not_active_are_no_stepping_stones,
                    a_traversal_may_start_at_any_user,
                    a_reactivated_user_counts_again,
                }
                traversals {
                    rings_count_each_person_once,
                    friends_of_friends_are_never_self_or_friends,
                    a_path_is_a_shortest_chain,
                    a_path_is_no_longer_than_asked_for,
                    a_path_to_oneself_is_that_one_user,
                    a_path_ends_at_no_one_who_is_not_active,
                    a_relation_says_distance_mutual_count_and_tie,
                    relations_reach_to_distance_3,
                    a_relation_to_oneself,
                }
                recommending {
                    scores_agree_to_the_bit,
                    jaccard_is_rounded_half_up,
                    equal_scores_are_ordered_by_id,
                    no_one_is_recommended_with_whom_a_request_or_block_stands,
                    only_active_friends_make_a_degree,
                    a_friend_of_degree_below_2_adds_nothing,
                    no_more_than_asked_for,
                }
                ties {
                    a_tie_says_what_stands_between_two,
                    requests_and_blocks_are_shown_whatever_the_states,
                    two_can_block_each_other,
                }
                histories {
                    sparse_histories_are_answered_as_by_the_model,
                    ordinary_histories_are_answered_as_by_the_model,
                    dense_histories_are_answered_as_by_the_model,
                }
            }
        }
    };
    (@tests $open:path, $($group:ident { $($test:ident,)+ })+) => {
        $(mod $group {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(fresh) = $open().await else { return };
                crate::graph_contract::$group::$test(&fresh.graph).await;
                drop(fresh.held);
            })+
        })+
    };
}

#[expect(clippy::unused_async, reason = "other adapters' factories connect")]
async fn open_embedded() -> Option<Fresh> {
    Some(Fresh {
        graph: Arc::new(foaf::graph::embedded::EmbeddedGraph::new()),
        held: Box::new(()),
    })
}

contract!(embedded, crate::graph_contract::open_embedded);

#[expect(clippy::unused_async, reason = "other adapters' factories connect")]
async fn open_swappable() -> Option<Fresh> {
    let inner = Arc::new(foaf::graph::embedded::EmbeddedGraph::new());
    Some(Fresh {
        graph: Arc::new(foaf::graph::swap::Swappable::new(inner)),
        held: Box::new(()),
    })
}

contract!(swappable, crate::graph_contract::open_swappable);

contract!(neo4j, crate::neo4j_graph::open);

/// What of the contract is about archived users, where their edges are never cleared up.
mod neo4j_leaving {
    contract! { @tests crate::neo4j_graph::open_leaving,
        contents {
            everything_is_listed_in_the_order_of_keys,
            pages_of_every_size_make_the_same_list,
            what_differs_is_mended,
            a_graph_that_is_being_emptied_stands_nowhere,
        }
        sequences {
            what_begins_and_ends_in_one_batch_is_not_shown,
            an_archive_ends_friendships_and_requests_but_no_blocks,
            a_freed_handle_finds_its_next_holder,
        }
        who_counts {
            others_that_are_not_active_are_no_results,
            others_that_are_not_active_are_no_stepping_stones,
            a_traversal_may_start_at_any_user,
        }
        ties {
            requests_and_blocks_are_shown_whatever_the_states,
        }
        histories {
            ordinary_histories_are_answered_as_by_the_model,
            dense_histories_are_answered_as_by_the_model,
        }
    }
}
