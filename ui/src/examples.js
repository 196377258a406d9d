// The example queries, about people who are in the loaded graph.

const PROBE = `{
  valjean: user(by: { handle: "valjean" }) { handle id }
  jondrette: user(by: { handle: "jondrette" }) { handle id }
  users(first: 2, orderBy: ID) { edges { node { handle id } } }
}`;

// Up to two people to ask about: in the bundled graph, Les Misérables, two who are three steps apart; in another one
// its first two; nobody when it is empty or does not answer (the page opens all the same, and a query shows why).
export async function findPeople() {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: PROBE }),
    });
    const { data } = await response.json();
    const found = [data.valjean, data.jondrette, ...data.users.edges.map((edge) => edge.node)].filter(Boolean);
    return [...new Map(found.map((person) => [person.id, person])).values()].slice(0, 2);
  } catch {
    return [];
  }
}

const register = {
  query: `# Adds a person. Run it twice: the second answer is
# a rejection, because the handle is taken by then.
mutation Register {
  registerUser(input: { handle: "you", firstName: "You" }) {
    user { id handle state }
    position
    rejection { code message field }
  }
}
`,
};

const status = {
  query: `# How far the graph has followed the log.
query Status {
  projection { position logEnd lagRecords lagMs state }
}
`,
};

// One tab each; GraphiQL names a tab after its operation.
export function exampleTabs([one, other = one]) {
  if (!one) {
    return [register, status];
  }
  const user = `user(by: { handle: ${JSON.stringify(one.handle)} })`;
  return [
    {
      query: `# Welcome to the foaf playground.
# Ctrl-Enter runs the query, Ctrl-Space completes,
# the book on the left explains every field.

# Friends of friends: who is two steps away, and
# how many friends the two of them share.
query FriendsOfFriends {
  ${user} {
    name
    friends { totalCount }
    friendsOfFriends(depth: 2, first: 10) {
      totalCount
      edges {
        distance
        mutualFriendCount
        node { handle name }
      }
    }
  }
}
`,
    },
    {
      query: `# People to get to know, and the friends who could
# introduce them.
query Recommendations {
  ${user} {
    name
    recommendations(first: 5, by: COMMON_FRIENDS) { # or ADAMIC_ADAR, JACCARD
      edges {
        score
        mutualFriendCount
        because(first: 3) { name }
        node { handle name }
      }
    }
  }
}
`,
    },
    {
      query: `# A shortest chain of friends between two people,
# named by their ids in the variables below.
query Path($from: ID!, $to: ID!) {
  path(from: $from, to: $to) {
    length
    users { handle name }
  }
}
`,
      variables: JSON.stringify({ from: one.id, to: other.id }, null, 2),
    },
    {
      query: `# How many people there are at each distance.
query Network {
  ${user} {
    name
    network(depth: 4) {
      rings { distance count }
      reached
    }
  }
}
`,
    },
    register,
    status,
  ];
}
