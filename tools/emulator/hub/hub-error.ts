/** A refusal of a service call. The codes are those of IoT Hub's REST API (Microsoft, "common error codes"). */
export class HubError extends Error {
    constructor(
        readonly status: number,
        readonly code: number,
        message: string
    ) {
        super(message)
    }
}
