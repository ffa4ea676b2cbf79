'use client';
import { PageError } from '@/components/shell/page-error.tsx';

export default PageError;
