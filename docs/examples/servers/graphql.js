// Jobs over GraphQL, on `graphql-ws` (the protocol graphql-transport-ws): a mutation starts a job, a
// subscription reports its progress. The token is sent with connection_init.
//
//     PORT   the port (default: any free one; the address is printed)
//     TOKEN  the token (default: letmein)
//     BREAK  a defect, by the names below: .ci/examples shows that the scenario finds each of them
"use strict";
const http = require("node:http");
const { setTimeout: pause } = require("node:timers/promises");
const { buildSchema } = require("graphql");
const { useServer } = require("graphql-ws/use/ws");
const { WebSocketServer } = require("ws");

const TOKEN = process.env.TOKEN ?? "letmein";
const broken = (defect) => process.env.BREAK === defect;

const schema = buildSchema(`
  type Job { id: ID! name: String! percent: Int! }
  type Query { job(id: ID!): Job }
  type Mutation { start(name: String!): Job! }
  type Subscription { progress(id: ID!): Job! }
`);

const jobs = new Map();

const root = {
  job: ({ id }) => jobs.get(id),
  async start({ name }) {
    if (broken("slow")) await pause(2_500);
    const job = { id: String(jobs.size + 1), name, percent: 0 };
    jobs.set(job.id, job);
    return job;
  },
  async *progress({ id }) {
    const job = jobs.get(id);
    if (!job) throw new Error(`no job ${id}`);
    const steps = broken("order") ? [0, 50, 25, 75, 100] : [0, 25, 50, 75, 100];
    for (const percent of steps) {
      if (broken("crash") && percent === 75) process.exit(1);
      job.percent = percent;
      yield { progress: broken("null") && percent === 50 ? { ...job, percent: null } : { ...job } };
      if (broken("last") && percent === 75) return;
      await pause(20);
    }
  },
};

const server = http.createServer((request, response) => response.writeHead(426).end("a WebSocket, please\n"));
const sockets = new WebSocketServer({ server, path: "/graphql" });
useServer(
  {
    schema,
    roots: { query: root, mutation: root, subscription: root },
    onConnect: ({ connectionParams }) =>
      connectionParams?.token === TOKEN || broken("auth") ? { user: broken("field") ? undefined : "ada", limit: 10 } : false,
    connectionInitWaitTimeout: 1_000,
  },
  sockets,
);

server.listen(process.env.PORT ?? 0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
