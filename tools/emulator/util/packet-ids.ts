/** The packet identifiers of the server's PUBLISH packets at QoS 1: 1 to 65,535, then 1 again [MQTT-2.3.1-1]. */
export class PacketIds {
    private last = 0

    /** Returns the next packet identifier. */
    next(): number {
        this.last = (this.last % 0xffff) + 1
        return this.last
    }
}
