// The modules of the firmware that import nothing from DeviceScript. Host tools import them, so that no delay, limit,
// packet format or record format is written twice.

export * from "./contract/fault"
export * from "./mqtt/mqtt-packet"
export * from "./retry/backoff"
export * from "./retry/retry-policy"
export * from "./store/assignment-record"
