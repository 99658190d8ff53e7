// The pure modules of the firmware, for the host tools. Each limit, delay, packet format, record format and log line
// therefore has one definition. `settings-table` and `log-patterns` are for host tools only.

export * from "./contract/agent-event"
export * from "./contract/fault"
export * from "./contract/flash-keys"
export * from "./contract/log-patterns"
export * from "./contract/log-text"
export * from "./contract/setting-limits"
export * from "./contract/settings-table"
export * from "./mqtt/mqtt-packet"
export * from "./retry/backoff"
export * from "./retry/retry-policy"
export * from "./store/record-format"
