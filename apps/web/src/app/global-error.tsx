'use client';

/** The last resort, when even the root layout failed: no catalogue and no styles can be relied on here. */
export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body
        style={{
          fontFamily: 'system-ui, sans-serif',
          padding: '4rem 1.5rem',
          textAlign: 'center',
          colorScheme: 'light dark',
        }}
      >
        <h1 style={{ fontSize: '1.25rem' }}>Berth could not show this page</h1>
        <p>Your containers are not affected.</p>
        <button type="button" onClick={reset}>
          Try again
        </button>
      </body>
    </html>
  );
}
