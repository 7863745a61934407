// What the layout engine makes of a job.

import type { Point, Size, Turn } from "./plan";

export interface ElkPlace extends Point, Size {
  id: string;
}

export interface ElkOutcome extends Size {
  children?: ElkPlace[];
  edges?: { id: string; sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[] }[]; // a section a piece
  turns?: Turn[];
}
