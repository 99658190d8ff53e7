import { createServer, type IncomingMessage, type Server } from "node:http"
import type { Cloud } from "../cloud.js"
import { AdminError, handleAdminRequest } from "./admin-routes.js"

const BODY_MAX_BYTES = 64 * 1024

async function readBody(request: IncomingMessage): Promise<unknown> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > BODY_MAX_BYTES)
            throw new AdminError(413, `The body is too long (maximum ${BODY_MAX_BYTES} bytes).`)
        chunks.push(chunk)
    }
    const text = Buffer.concat(chunks).toString()
    if (text === "") return undefined
    try {
        return JSON.parse(text) as unknown
    } catch {
        throw new AdminError(400, "The body is not valid JSON.")
    }
}

/** Returns a server for the admin API: JSON over HTTP, without credentials. */
export function adminServer(cloud: Cloud): Server {
    return createServer((request, response) => {
        readBody(request)
            .then(body => ({
                status: 200,
                json: handleAdminRequest(cloud, request.method ?? "", request.url ?? "", body),
            }))
            .catch((error: unknown) => {
                if (error instanceof AdminError)
                    return { status: error.status, json: { error: error.message } }
                if (error instanceof URIError)
                    return { status: 400, json: { error: "The path is malformed." } }
                throw error
            })
            .then(({ status, json }) => {
                response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" })
                response.end(`${JSON.stringify(json)}\n`)
            })
            .catch(() => response.destroy())
    })
}
