// Files that a user or a tool keeps: atomic writes, locks, journals, transactions and validated documents.
export { writeFileAtomic, writeStreamAtomic } from "./atomic-write.js"
export * from "./document.js"
export * from "./file-lock.js"
export * from "./file-transaction.js"
export * from "./journal.js"
