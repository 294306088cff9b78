module area
  use kinds
  implicit none
contains
  function square(x) result(y)
    real(real_kind), intent(in) :: x
    real(real_kind) :: y
    y = x * x
  end function square
end module area
