// A byte stream between two parties, real or in memory: what the emulator
// accepts and what a board's socket opens. Neither knows which kind it has.
export type { Link, LinkHandler } from "./link.js"
export { type Carriage, linkPair } from "./memory.js"
export { socketLink } from "./socket.js"
export { websocketLink } from "./websocket.js"
