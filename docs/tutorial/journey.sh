#!/usr/bin/env bash
# Brings a fleet from a CSV file to moored boards, without hardware and without an Azure account.
# Usage: docs/tutorial/journey.sh [FOLDER]
#
# The script plans a roll-out of 200 boards of three kinds. DPS has a tenth of its documented quota. The script makes flash
# images with the slots of the rollout plan and boots these images in the simulator. Each batch is powered on at its planned
# time. At the end three sources must agree: DPS, the device registries of the hubs, and the simulation. All 200 boards are
# registered and DPS throttles no call.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# Without FOLDER the script uses a temporary folder and deletes it at the end, because it contains keys.
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
fleet=
end() {
    if [ -n "$fleet" ]; then kill "$fleet" 2> /dev/null || true; wait "$fleet" || true; fi
    if [ "$1" = delete ]; then rm -rf "$folder"; fi
}
keep=${1:+keep}
trap 'end "${keep:-delete}"' EXIT
moorage() { node "$root/tools/cli/moorage.mjs" "$@"; }
field() { node -p "const o = JSON.parse(require('fs').readFileSync('$1', 'utf8')); $2"; }

echo "== 1. A fleet file: 200 boards of three kinds"
boards=(moorage_devkitc moorage_c3 moorage_s2)
{
    echo registrationId,profile
    for n in {1..200}; do printf 'board-%03d,%s\n' "$n" "${boards[n % 3]}"; done
} > "$folder/fleet.csv"
(umask 077 && head -c 64 /dev/urandom | base64 -w 0 > "$folder/group.key")

echo "== 2. A rollout plan for 100 registrations per minute: first a tenth of the fleet, then the rest"
moorage rollout plan "$folder/fleet.csv" --out "$folder/fleet.rollout.json" --report "$folder/rollout.html" \
    --registrations 100/min --waves 10%,100% --soak 5m

echo "== 3. Flash images with the slots of the plan"
moorage manufacture "$folder/fleet.csv" --out "$folder/flash" --group-key-file "$folder/group.key" --id-scope 0ne00JOURNY

echo "== 4. The simulator boots the images, and the fleet keeps running after the simulation"
rm -f "$folder/card.json"
# Bash runs a function with `&` in a second shell, and `kill` would end only this shell. So the command below starts
# node directly, without the function `moorage`.
node "$root/tools/cli/moorage.mjs" simulate "$root/docs/tutorial/journey.yaml" --images "$folder/flash" --group-key-file "$folder/group.key" \
    --rollout "$folder/fleet.rollout.json" --report "$folder/run.html" --serve "$folder/card.json" --json \
    > "$folder/run.json" &
fleet=$!
until [ -e "$folder/card.json" ]; do
    kill -0 $fleet 2> /dev/null || exit 1
    sleep 0.2
done

echo "== 5. The numbers of DPS and of the hubs"
moorage monitor --profile "$folder/card.json" --json > "$folder/monitor.json"
moorage reprovision --query "SELECT * FROM devices" --profile "$folder/card.json" --dry-run --json > "$folder/registry.json"

registered=$(field "$folder/monitor.json" "o.statuses.assigned")
in_registries=$(field "$folder/registry.json" "o.devices.length")
moored=$(field "$folder/run.json" "o.moored")
throttled=$(field "$folder/run.json" "o.totals.throttled")
violations=$(field "$folder/run.json" "o.violationCount")
echo "$registered registered, $in_registries in the hubs' registries, $moored moored, $throttled throttled, $violations invariants broken"
[ "$registered $in_registries $moored $throttled $violations" = "200 200 200 0 0" ]
