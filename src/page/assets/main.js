// @ts-check
// The page of a run: its source is wscope itself.

import { App } from "./app.js";
import { SocketSource } from "./socket.js";

const source = new SocketSource();
new App(source);
source.start();
