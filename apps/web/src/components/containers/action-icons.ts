import { CirclePause, CirclePlay, CircleStop, type LucideIcon, RotateCw, Skull } from 'lucide-react';
import type { ContainerActionName } from './container-types.ts';

export const actionIcons: Record<ContainerActionName, LucideIcon> = {
  start: CirclePlay,
  stop: CircleStop,
  restart: RotateCw,
  kill: Skull,
  pause: CirclePause,
  unpause: CirclePlay,
};
