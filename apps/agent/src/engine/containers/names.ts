/** A name for a container that was given none: adjective_noun, as people know it from Docker. */
import { randomInt } from 'node:crypto';

const adjectives =
  'brisk calm clever cosy daring eager fair gentle glad handy honest keen kind lively lucky mellow merry neat nimble noble placid plucky proud quick quiet rapid ready rosy sage serene sharp shiny silent smart snug solid spry steady sunny swift tidy trusty vivid warm wise witty zesty'.split(
    ' ',
  );
const nouns =
  'anchor barge beacon bollard bosun bow bridge brig buoy cabin capstan clipper compass crane crew cutter deck dinghy dock ferry fleet galley gull harbor helm hull island jetty keel ketch lagoon lantern lighthouse mast mooring oar pier pilot port quay raft reef rudder sail schooner sextant skiff sloop stern tide tiller trawler wharf yawl'.split(
    ' ',
  );

export function inventName(isTaken: (name: string) => boolean): string {
  for (;;) {
    const name = `${adjectives[randomInt(adjectives.length)]}_${nouns[randomInt(nouns.length)]}`;
    if (!isTaken(name)) return name;
    const numbered = `${name}${randomInt(1000)}`;
    if (!isTaken(numbered)) return numbered;
  }
}
