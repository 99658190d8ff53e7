/** Packet identifiers of what a server publishes at QoS 1: 1 to 65,535, round and round [MQTT-2.3.1-1]. */
export class PacketIds {
    private last = 0

    next(): number {
        this.last = (this.last % 0xffff) + 1
        return this.last
    }
}
