// Files that a user or a tool keeps: written whole, locked, journaled, or read and checked against a schema.

export * from "./atomic-write.js"
export * from "./document.js"
export * from "./file-lock.js"
export * from "./file-transaction.js"
export * from "./journal.js"
export * from "./wait-lock.js"
