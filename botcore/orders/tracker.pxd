from libc.stdint cimport int64_t, int8_t


cdef class Order:
    cdef readonly str client_order_id
    cdef readonly str exchange_order_id
    cdef readonly object request
    cdef readonly object instrument
    cdef public object owner
    cdef readonly int64_t lots
    cdef readonly int64_t filled_lots
    cdef readonly int64_t created_ns
    cdef readonly int64_t updated_ns
    cdef readonly object cost
    cdef readonly str reason
    cdef readonly bint cancel_asked
    cdef int8_t _state
    cdef set _trade_ids


cdef class OrderTracker:
    cdef dict _orders
    cdef dict _open
    cdef dict _by_exchange_id
    cdef object _closed
    cdef int64_t _keep_closed
    cdef readonly int64_t stale_updates
    cdef readonly int64_t duplicate_fills
    cdef void _settle(self, Order order)
