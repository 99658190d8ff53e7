// The rules of Azure IoT that hold for every client. The emulator, the simulator and the host tool use them.

export * from "./device-keys.js"
export * from "./host-names.js"
export * from "./property-bag.js"
export * from "./registration-id.js"
export * from "./make-sas-token.js"
