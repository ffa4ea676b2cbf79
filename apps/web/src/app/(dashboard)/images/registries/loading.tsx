import { TableSkeleton } from '@/components/shell/page-skeleton.tsx';

export default TableSkeleton;
