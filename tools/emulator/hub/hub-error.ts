/** Why the hub could not do what the service side asked; codes as IoT Hub's REST API has them. */
export class HubError extends Error {
    constructor(
        readonly status: number,
        readonly code: number,
        message: string
    ) {
        super(message)
    }
}
